"""From a recipe to what is trained."""

from collections.abc import Callable
from pathlib import Path

from torch import nn

from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.student.checkpoint import TeacherInfo, load_checkpoint, read_tensors
from lwisp_export.student.left_out import build_student
from lwisp_export.synthesis.builtin_frames import calibration_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw, cut_tiles
from lwisp_export.training.distillation import Distillation
from lwisp_export.training.objectives import QatObjective, StudentObjective, TeacherObjective
from lwisp_export.training.qat.start import convert_student, start_qat
from lwisp_export.training.recipe import DistillationRecipe, QatRecipe, TrainRecipe
from lwisp_export.training.teacher import Teacher
from lwisp_mobile.errors import ModelError, UsageError

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    pass


def make_objective(
    recipe: TrainRecipe, teacher: Path | None, start: Path | None = None, report: Say = _silent
) -> nn.Module:
    """The recipe's network and its loss; weights are random but for quantisation-aware training's, which are start's.

    Raises UsageError if a teacher or a start is needed and not given.
    """
    if recipe.qat is not None:
        return _make_qat(recipe, recipe.qat, start, report)
    if recipe.teacher is not None:
        return TeacherObjective(Teacher(recipe.teacher.width), recipe.loss)
    student = build_student(recipe.student, recipe.without)
    distillation = None
    if recipe.distillation.needs_teacher:
        distillation = load_distillation(recipe.distillation, recipe.student.width, teacher)
    return StudentObjective(student, recipe.loss, distillation)


def _make_qat(recipe: TrainRecipe, qat: QatRecipe, start: Path | None, report: Say) -> QatObjective:
    if start is None:
        raise UsageError("The recipe has [qat] and needs a float checkpoint: give --start.")
    student, info = load_checkpoint(start)
    if info.student != recipe.student:
        raise UsageError(f"{start} holds a student of {info.student}, the recipe is for {recipe.student}.")
    frames = [NamedRaw(frame.name, frame.raw) for frame in calibration_frames()]
    tiles = [tile.packed for tile in cut_tiles(frames, info.input, TILE_PX)]
    report(f"calibrating {start}")
    quantization = find_quantization(qat.quantization)
    network = start_qat(student, convert_student(student, report), tiles, quantization, qat.least_range)
    return QatObjective(network, student, recipe.loss, qat.own)


def load_distillation(recipe: DistillationRecipe, student_width: int, teacher: Path | None) -> Distillation:
    """The teacher's terms. Raises UsageError without a teacher, ModelError if the file isn't one."""
    if teacher is None:
        raise UsageError("The recipe distils and needs a teacher: give --teacher (`lwisp train teacher` makes one).")
    info, network = load_teacher(teacher)
    return Distillation(network, student_width, info.teacher_width, recipe)


def load_teacher(path: Path) -> tuple[TeacherInfo, Teacher]:
    """Read a teacher. Raises ModelError if the file isn't one."""
    info, weights = read_tensors(path, TeacherInfo)
    network = Teacher(info.teacher_width)
    try:
        network.load_state_dict({key: value.float() for key, value in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{path}: weights don't fit a teacher of width {info.teacher_width} ({error}).") from error
    return info, network
