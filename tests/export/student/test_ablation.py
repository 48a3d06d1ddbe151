"""Ablated students lack their part and nothing else."""

import pytest
import torch

from lwisp_export.student.ablation import build_student
from lwisp_export.student.config import Part, StudentConfig
from lwisp_export.student.cost import count_parameters
from lwisp_export.student.network import Student


@pytest.mark.parametrize("part", ["fgam", "ccub", "global_vector"])
def test_an_ablated_student_lacks_its_part(part: Part) -> None:
    config = StudentConfig(width=8)
    torch.manual_seed(0)
    student = build_student(config, part)
    packed = torch.rand(1, 4, 32, 32)
    output, _ = student.develop(packed)
    assert output.shape == (1, 3, 64, 64)
    assert count_parameters(student) < count_parameters(Student(config))
    context = student.context(packed)
    if part == "fgam":
        assert all(not gate.any() for gate in context[:4])
    if part == "global_vector":
        assert not context.global_vector.any()
    if part == "ccub":
        calls: list[object] = []
        student.u1.register_forward_hook(lambda *_: calls.append(None))
        student.develop(packed)
        assert len(calls) == 1, "the encoder's feature isn't upsampled"
