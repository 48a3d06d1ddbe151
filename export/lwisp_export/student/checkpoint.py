"""Checkpoints: averaged weights in fp16 with their metadata, and the optimiser's moments."""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lwisp_export.student.config import StudentConfig
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.student.network import Student
from lwisp_mobile.contract import InputContract, RenderedTone
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.serialize.files import atomic_write, check_file
from lwisp_mobile.serialize.from_dict import from_dict

MAX_BYTES = 64 << 20
"""A student takes 8 MB in float32; a much larger file isn't one."""


@dataclass(frozen=True)
class TrainedRange:
    """The range of an int8 tensor, learned by quantisation-aware training."""

    node: str
    """Of the student's graph as torch.fx traces it."""
    low: float
    high: float


@dataclass(frozen=True)
class CheckpointInfo:
    """A checkpoint's metadata."""

    name: str
    student: StudentConfig
    step: int
    recipe_sha256: str
    input: InputContract = STUDENT_INPUT
    """The pre-processing it was trained with, which its every input needs."""
    ranges: tuple[TrainedRange, ...] = ()
    """Of every activation, if the weights lie on their int8 grid; empty for a float checkpoint."""
    rendered_tone: RenderedTone = "contrast"
    """The tone of its pictures."""


@dataclass(frozen=True)
class TeacherInfo:
    """The metadata of a teacher's file."""

    teacher_width: int
    step: int
    recipe_sha256: str


Info = TypeVar("Info", bound=CheckpointInfo | TeacherInfo)


def shipped_checkpoints() -> dict[str, Path]:
    """The checkpoints that ship, by name."""
    folder = Path(str(files("lwisp_export"))) / "checkpoints"
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def find_checkpoint(name: str) -> Path:
    """A checkpoint by what a user types: a shipped name, or a file's path; ./NAME is always a path."""
    return shipped_checkpoints().get(name, Path(name))


def shipped_checkpoint(name: str = "lwisp") -> Path:
    """The checkpoint that ships under a name. Raises UsageError naming those that do."""
    shipped = shipped_checkpoints()
    if name not in shipped:
        raise UsageError(
            f"There is no shipped checkpoint {name!r}, only {', '.join(shipped)}; give a checkpoint's file."
        )
    return shipped[name]


def save_checkpoint(path: Path, weights: dict[str, Tensor], info: CheckpointInfo | TeacherInfo) -> None:
    """Write weights as fp16 safetensors with their metadata in the header; atomic."""
    halves = {key: value.detach().to(torch.float16).contiguous().clone() for key, value in weights.items()}
    with atomic_write(path) as temporary:
        save_file(halves, temporary, metadata={"lwisp": json.dumps(asdict(info), sort_keys=True, allow_nan=False)})


def load_checkpoint(path: Path) -> tuple[Student, CheckpointInfo]:
    """Read a student in evaluation mode, float32.

    Raises ModelError if the file isn't a student's checkpoint or its weights don't fit or aren't finite.
    """
    info, weights = read_tensors(path, CheckpointInfo)
    if info.student.task == "isp" and len(info.input.planes) != info.student.input_planes:
        raise ModelError(
            f"{path}: a student of {info.student.input_planes} planes whose input contract has "
            f"{', '.join(info.input.planes)}; give a checkpoint as 'lwisp train' wrote it."
        )
    student = Student(info.student)
    try:
        student.load_state_dict({key: value.float() for key, value in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{path}: weights don't fit a student of {info.student} ({error}).") from error
    if not all(bool(torch.isfinite(value).all()) for value in student.state_dict().values()):
        raise ModelError(f"{path}: some weights are NaN or infinite; train again from an earlier checkpoint.")
    return student.eval(), info


def read_tensors(path: Path, kind: type[Info]) -> tuple[Info, dict[str, Tensor]]:
    """Read a checkpoint's metadata and tensors. Raises ModelError if it isn't one of this kind."""
    try:
        check_file(path, MAX_BYTES)
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["lwisp"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: not a checkpoint ({error}). Give one from 'lwisp train'.") from error
    return from_dict(kind, facts, str(path), ModelError), tensors


def save_moments(path: Path, moments: dict[str, Tensor], step: int) -> None:
    """Write Adam's moments in 8-bit floats, a quarter of their size, each tensor scaled to the format's range.

    Small enough to be kept with the checkpoint; a resumed run differs slightly from an unbroken one.
    """
    packed: dict[str, Tensor] = {}
    for key, value in moments.items():
        scale = value.abs().max().clamp_min(1e-30)
        packed[f"{key}.scale"] = scale.reshape(1)
        packed[f"{key}.values"] = (value / scale * 256).to(torch.float8_e5m2).contiguous()
    with atomic_write(path) as temporary:
        save_file(packed, temporary, metadata={"step": str(step)})


def load_moments(path: Path) -> dict[str, Tensor]:
    """Read Adam's moments, float32. Raises ModelError if the file isn't one that `save_moments` wrote."""
    try:
        check_file(path, MAX_BYTES)
        with safe_open(path, "pt") as file:
            keys = [key.removesuffix(".values") for key in file.keys() if key.endswith(".values")]  # noqa: SIM118
            return {
                key: file.get_tensor(f"{key}.values").float() / 256 * file.get_tensor(f"{key}.scale") for key in keys
            }
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: not an optimiser's moments ({error}). Start without --moments.") from error
