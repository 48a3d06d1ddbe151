"""Silent channels: only those that never fire go, and the picture stays."""

import pytest
import torch

from lwisp_export.student.config import StudentConfig
from lwisp_export.student.cost import count_parameters
from lwisp_export.student.deploy import deploy_form
from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import cut_silent, find_silent, inner_layers, silence


@pytest.fixture
def student() -> Student:
    """With half of each inner layer's channels, the odd ones, below zero for every input."""
    torch.manual_seed(1)
    made = Student(StudentConfig(8, noise_plane=True, image_skip=True)).eval()
    for layer in inner_layers(made):
        with torch.no_grad():
            odd = torch.arange(layer.conv.out_channels) // layer.group % 2 == 1
            layer.conv.weight[odd] = -layer.conv.weight[odd].abs()
            layer.conv.bias[odd] = -1.0  # type: ignore[index]
    return made


@pytest.fixture
def packed() -> torch.Tensor:
    return torch.rand(2, 5, 32, 32, generator=torch.Generator().manual_seed(2))


def test_every_inner_layer_is_known(student: Student) -> None:
    names = [layer.name for layer in inner_layers(student)]
    doubles = ["c1.0.0", "c2.0.0", "c3.0.0", "c4.0.0", "c6.0.0"]
    assert sorted(names) == sorted(["c5.0", *doubles, *(f"u{n}.expand.0" for n in (1, 2, 3, 4))])


def test_channels_that_fire_anywhere_are_not_silent(student: Student, packed: torch.Tensor) -> None:
    silent = find_silent(student, [packed * 0, packed])
    for layer in inner_layers(student):
        odd = torch.arange(layer.conv.out_channels) // layer.group % 2 == 1
        assert bool(silent[layer.name][odd].all())
        assert int(silent[layer.name][~odd].sum()) < int((~odd).sum())
        still = find_silent(student, [packed * 0])[layer.name]
        assert bool((still | ~silent[layer.name]).all()), "more inputs can only make fewer channels silent"


@torch.no_grad()
def test_cutting_them_out_changes_no_picture(student: Student, packed: torch.Tensor) -> None:
    before = student(packed)
    weights = student.state_dict()
    silence(weights, find_silent(student, [packed]))
    assert torch.equal(student(packed), before)
    whole = count_parameters(student)
    cut_silent(student)
    assert count_parameters(student) < 0.75 * whole
    torch.testing.assert_close(student(packed), before, rtol=0, atol=1e-6)


@torch.no_grad()
def test_the_deployed_form_has_none(student: Student, packed: torch.Tensor) -> None:
    before = student(packed)
    silence(student.state_dict(), find_silent(student, [packed]))
    deployed = deploy_form(student)
    assert count_parameters(deployed) < 0.8 * count_parameters(student)
    torch.testing.assert_close(deployed(packed), before, rtol=0, atol=2e-6)


def test_a_student_without_silent_channels_stays_whole(packed: torch.Tensor) -> None:
    whole = Student(StudentConfig(8))
    before = count_parameters(whole)
    cut_silent(whole)
    assert count_parameters(whole) == before


@torch.no_grad()
def test_a_layer_that_is_silent_as_a_whole_keeps_one_channel(packed: torch.Tensor) -> None:
    student = Student(StudentConfig(8, noise_plane=True)).eval()
    silence(student.state_dict(), {"c6.0.0": torch.ones(64, dtype=torch.bool)})
    before = student(packed)
    cut_silent(student)
    assert student.c6[0][0].out_channels == 1  # type: ignore[index]
    torch.testing.assert_close(student(packed), before, rtol=0, atol=1e-6)
