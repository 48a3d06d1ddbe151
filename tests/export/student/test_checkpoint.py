"""Checkpoints: fp16 weights, and broken files named."""

from pathlib import Path

import pytest
import torch

from lwisp_export.student.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    read_tensors,
    save_checkpoint,
    save_moments,
)
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_mobile.errors import ModelError


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "other tensors", "no facts", "nan", "missing"])
def test_broken_checkpoints_are_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.safetensors"
    weights = Student(StudentConfig(width=8)).state_dict()
    info = CheckpointInfo("a", StudentConfig(width=16 if damage == "other tensors" else 8), 1, "")
    if damage == "nan":
        weights["c1.0.0.weight"][0, 0, 0, 0] = float("nan")
    save_checkpoint(path, weights, info)
    data = path.read_bytes()
    broken = {"empty": b"", "text": b"hello", "truncated": data[: len(data) // 2]}
    path.write_bytes(broken.get(damage, data))
    if damage == "no facts":
        save_moments(path, weights, 1)
    if damage == "missing":
        path.unlink()
    with pytest.raises(ModelError, match=r"a\.safetensors"):
        load_checkpoint(path)


def test_checkpoints_keep_fp16_weights(tmp_path: Path) -> None:
    weights = Student(StudentConfig(width=8)).state_dict()
    save_checkpoint(tmp_path / "a.safetensors", weights, CheckpointInfo("a", StudentConfig(width=8), 7, "ab"))
    info, kept = read_tensors(tmp_path / "a.safetensors", CheckpointInfo)
    assert info.step == 7
    assert all(torch.equal(kept[key], value.half()) for key, value in weights.items())


def test_planes_that_the_student_does_not_take_are_named(tmp_path: Path) -> None:
    config = StudentConfig(width=8, noise_plane=True)
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, Student(config).state_dict(), CheckpointInfo("a", config, 1, ""))
    with pytest.raises(ModelError, match="5 planes whose input contract has R, Gr, Gb, B"):
        load_checkpoint(path)
