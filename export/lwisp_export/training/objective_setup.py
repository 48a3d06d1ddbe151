"""From a recipe to its objective: the network to train, and its loss."""

from pathlib import Path

from torch import nn

from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.student.ablation import build_student
from lwisp_export.student.checkpoint import load_checkpoint
from lwisp_export.synthesis.builtin_frames import calibration_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw, cut_tiles
from lwisp_export.training.distillation import load_distillation
from lwisp_export.training.objectives import QatObjective, StudentObjective, TeacherObjective
from lwisp_export.training.qat.start import convert_student, start_qat
from lwisp_export.training.teacher import Teacher
from lwisp_export.training.training_recipe import QatRecipe, TrainRecipe
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress


def make_objective(recipe: TrainRecipe, teacher: Path | None, start: Path | None, progress: Progress) -> nn.Module:
    """The recipe's network and its loss. Weights are random, or start's for quantisation-aware training.

    Raises UsageError if a teacher or a start is needed and not given.
    """
    if recipe.qat is not None:
        return _make_qat(recipe, recipe.qat, start, progress)
    if recipe.teacher is not None:
        return TeacherObjective(Teacher(recipe.teacher.width), recipe.loss)
    student = build_student(recipe.student, recipe.without)
    distillation = None
    if recipe.distillation.needs_teacher:
        distillation = load_distillation(recipe.distillation, recipe.student.width, teacher)
    return StudentObjective(student, recipe.loss, distillation)


def _make_qat(recipe: TrainRecipe, qat: QatRecipe, start: Path | None, progress: Progress) -> QatObjective:
    if start is None:
        raise UsageError("The recipe has [qat] and needs a float checkpoint: give --start.")
    student, info = load_checkpoint(start)
    if info.student != recipe.student:
        raise UsageError(f"{start} is a student of {info.student}; the recipe is for {recipe.student}.")
    frames = [NamedRaw(frame.name, frame.raw) for frame in calibration_frames()]
    tiles = [tile.packed for tile in cut_tiles(frames, info.input, TILE_PX)]
    progress(f"calibrating {start}")
    quantization = find_quantization(qat.quantization)
    network = start_qat(student, convert_student(student, progress), tiles, quantization, qat.least_range)
    return QatObjective(network, student, recipe.loss, qat.float_consistency_weight)
