"""The teacher: its shape, and files that are none."""

from pathlib import Path

import pytest
import torch

from lwisp_export.student.checkpoint import (
    CheckpointInfo,
    save_checkpoint,
)
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_export.training.teacher import Teacher, load_teacher
from lwisp_mobile.errors import ModelError, UsageError
from tests.export.training_data import DISTILLING, random_objective


def test_the_teachers_levels_match_the_students() -> None:
    student, teacher = Student(StudentConfig(width=8)), Teacher(16)
    _, own = student.develop(torch.rand(1, 4, 32, 48))
    picture, taught = teacher.reconstruct(torch.rand(1, 3, 64, 96))
    assert picture.shape == (1, 3, 64, 96)
    for ours, theirs in zip(own, taught):
        assert ours.shape[2:] == theirs.shape[2:]
        assert 2 * ours.shape[1] == theirs.shape[1]


def test_the_teachers_top_level_has_no_skip() -> None:
    """With the inner levels silenced nothing of the picture comes through."""
    teacher = Teacher(8)
    for parameter in teacher.e2.parameters():
        torch.nn.init.zeros_(parameter)
    one, other = teacher(torch.rand(1, 3, 32, 32)), teacher(torch.rand(1, 3, 32, 32))
    assert torch.equal(one, other)


def test_a_missing_or_wrong_teacher_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give --teacher"):
        random_objective(DISTILLING, None)
    config = StudentConfig(width=8)
    save_checkpoint(tmp_path / "s.safetensors", Student(config).state_dict(), CheckpointInfo("s", config, 0, ""))
    with pytest.raises(ModelError, match=r"s\.safetensors.*unknown key 'input'"):
        load_teacher(tmp_path / "s.safetensors")
