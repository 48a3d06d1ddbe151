"""The student against the network's published facts."""

import pytest
import torch

from lwisp_export.student.blocks import ChannelGate
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.cost import count_macs, count_parameters
from lwisp_export.student.deploy import deploy_form
from lwisp_export.student.network import Context, Student
from lwisp_mobile.errors import UsageError

HALO_PX = 112
"""Packed px; counted on the exported graph in tests/export/conversion/test_graph_contract.py."""
MODULE_PARAMETERS = {
    "c0": 592,
    "c1": 4_640,
    "c2": 18_496,
    "c3": 73_856,
    "c4": 295_168,
    "c5": 590_080,
    "to_global": 32_896,
    "c6": 442_624,
    "u1": 332_096,
    "c7": 73_792,
    "u2": 83_104,
    "c8": 18_464,
    "u3": 20_816,
    "c9": 4_624,
    "u4": 11_600,
    "to_rgb": 435,
    "p1.channel": 82,
    "p2.channel": 292,
    "p3.channel": 1_096,
    "p4.channel": 4_240,
    "p1.spatial": 50,
    "p2.spatial": 50,
    "p3.spatial": 50,
    "p4.spatial": 50,
}


SKIP = StudentConfig(width=8, noise_plane=True, image_skip=True)


@pytest.fixture(scope="module")
def student() -> Student:
    torch.manual_seed(0)
    return Student(StudentConfig()).eval()


@pytest.mark.parametrize(("module", "parameters"), MODULE_PARAMETERS.items())
def test_each_module_has_its_parameters(student: Student, module: str, parameters: int) -> None:
    assert count_parameters(student.get_submodule(module)) == parameters


def test_totals(student: Student) -> None:
    assert sum(MODULE_PARAMETERS.values()) == count_parameters(student) == 2_009_193
    assert count_parameters(Student(StudentConfig(task="denoise"))) == 1_997_449
    assert count_parameters(Student(StudentConfig(task="enhance"))) == 1_997_449


def test_macs_count_shared_blocks_twice(student: Student) -> None:
    assert round(count_macs(student, 224) / 1e9, 3) == 5.203


def test_the_image_skip_costs_3_percent(student: Student) -> None:
    told = Student(StudentConfig(noise_plane=True))
    skipping = Student(StudentConfig(noise_plane=True, image_skip=True))
    assert count_parameters(told) == 2_009_193 + 9 * 16
    assert count_parameters(skipping) == 2_012_457
    assert 1 < count_macs(skipping, 64) / count_macs(student, 64) < 1.05
    assert count_macs(deploy_form(skipping), 64) / count_macs(deploy_form(student), 64) < 1.05


def test_the_narrowest_student_costs_0_4_gmac() -> None:
    narrow = Student(StudentConfig(width=4, noise_plane=True, image_skip=True))
    assert (count_parameters(narrow), round(count_macs(narrow, 224) / 1e9, 3)) == (127_647, 0.411)
    assert narrow.p1.channel.squeeze.out_channels == 1


def test_an_untrained_image_skip_gives_a_picture_of_each_quads_colour() -> None:
    torch.manual_seed(3)
    packed = torch.zeros(1, 5, 32, 32)
    packed[:, 0], packed[:, 1], packed[:, 2] = 0.8, 0.2, 0.6
    with torch.no_grad():
        means = Student(SKIP)(packed).mean(dim=(0, 2, 3))
    # The gate starts at sigmoid(1) = 0.73.
    assert means.tolist() == pytest.approx([0.73 * 0.8, 0.73 * 0.4, 0.0], abs=0.1)


def test_the_skips_picture_is_clipped_and_what_training_sees_is_not() -> None:
    torch.manual_seed(3)
    skipping = Student(SKIP).eval()
    with torch.no_grad():
        skipping.to_rgb.bias += 0.5
        packed = torch.rand(1, 5, 32, 32)
        picture, (seen, features) = skipping(packed), skipping.develop(packed)
    assert picture.max() == 1 < seen.max()
    assert torch.equal(picture, seen.clamp(0, 1))
    assert features.c9.shape == (1, 8, 32, 32)


@pytest.mark.parametrize(("task", "planes", "scale"), [("isp", 4, 2), ("denoise", 3, 1), ("enhance", 3, 1)])
def test_output_size_and_range(task: str, planes: int, scale: int) -> None:
    torch.manual_seed(0)
    output = Student(StudentConfig(width=8, task=task))(torch.rand(2, planes, 48, 80))  # type: ignore[arg-type]
    assert output.shape == (2, 3, 48 * scale, 80 * scale)
    assert output.min() >= 0
    assert output.max() <= 1


@torch.no_grad()
def test_own_context_gives_the_same_picture(student: Student) -> None:
    packed = torch.rand(2, 4, 64, 48)
    assert torch.equal(student(packed, student.context(packed)), student(packed))


@torch.no_grad()
def test_every_part_of_a_foreign_context_counts(student: Student) -> None:
    """All but gate4: it reaches the picture through the global vector alone, which the context gives."""
    packed = torch.rand(1, 4, 64, 64)
    own = student.context(packed)
    same = [
        name
        for index, name in enumerate(Context._fields)
        if torch.equal(student(packed, own._replace(**{name: own[index] + 0.2})), student(packed))
    ]
    assert same == ["gate4"]


@torch.no_grad()
def test_with_a_context_a_tile_equals_the_frame_inside_the_halo() -> None:
    torch.manual_seed(1)
    student = Student(StudentConfig(width=8)).eval().double()
    frame = torch.rand(1, 4, 320, 288, dtype=torch.float64)
    context, halo = student.context(frame), HALO_PX
    whole = student(frame, context)
    tile = student(frame[..., 16 : 16 + 2 * halo + 32, :], context)
    inside = slice(2 * halo, 2 * (halo + 32))
    offset = 2 * 16
    frame_rows = whole[..., inside.start + offset : inside.stop + offset, :]
    assert torch.allclose(tile[..., inside, :], frame_rows, atol=1e-12)


@torch.no_grad()
def test_the_halo_is_not_larger_than_needed() -> None:
    torch.manual_seed(1)
    student = Student(StudentConfig(width=8)).eval().double()
    short = HALO_PX - 32
    frame = torch.rand(1, 4, 320, 64, dtype=torch.float64)
    context = student.context(frame)
    tile = student(frame[..., 16:, :], context)
    beside = slice(2 * short, 2 * short + 32)
    difference = tile[..., beside, :] - student(frame, context)[..., beside.start + 32 : beside.stop + 32, :]
    assert difference.abs().max() > 0


@torch.no_grad()
@pytest.mark.parametrize("config", [StudentConfig(width=8), StudentConfig(width=8, task="enhance"), SKIP])
def test_the_deployed_form_is_the_same_function(config: StudentConfig) -> None:
    torch.manual_seed(2)
    student = Student(config).eval()
    packed = torch.rand(1, student.config.input_planes, 32, 80)
    assert torch.allclose(deploy_form(student)(packed), student(packed), atol=1e-6)


def test_the_deployed_form_is_not_deployed_again(student: Student) -> None:
    with pytest.raises(UsageError, match="already in its deployed form"):
        deploy_form(deploy_form(student))


def test_activations() -> None:
    leaky = Student(StudentConfig(width=8, activation="leaky_relu"))
    slopes = {module.negative_slope for module in leaky.modules() if isinstance(module, torch.nn.LeakyReLU)}
    assert slopes == {0.2}
    assert not any(isinstance(module, torch.nn.LeakyReLU) for module in Student(StudentConfig(width=8)).modules())


def test_no_attention_unit_starts_dead(student: Student) -> None:
    for gate in (module for module in student.modules() if isinstance(module, ChannelGate)):
        assert (gate.hidden(torch.rand(4, gate.squeeze.in_channels, 8, 8)) > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 6}, "multiple of 4"),
        ({"task": "sharpen"}, "isp, denoise or enhance"),
        ({"activation": "gelu"}, "relu"),
        ({"task": "denoise", "image_skip": True}, "for task isp"),
        ({"task": "enhance", "noise_plane": True}, "for task isp"),
    ],
)
def test_bad_configurations_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        StudentConfig(**options)  # type: ignore[arg-type]
