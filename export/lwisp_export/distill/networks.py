"""From a recipe to what is trained."""

from pathlib import Path

from torch import nn

from lwisp_export.distill.distillation import Distillation
from lwisp_export.distill.objectives import StudentObjective, TeacherObjective
from lwisp_export.distill.teacher import Teacher
from lwisp_export.recipe import DistillationRecipe, TrainRecipe
from lwisp_export.student.ablation import build_student
from lwisp_export.student.checkpoint import TeacherInfo, read_tensors
from lwisp_mobile.errors import ModelError, UsageError


def make_objective(recipe: TrainRecipe, teacher: Path | None) -> nn.Module:
    """The recipe's network with random weights and its loss. Raises UsageError if a teacher is needed and not given."""
    if recipe.teacher is not None:
        return TeacherObjective(Teacher(recipe.teacher.width), recipe.loss)
    student = build_student(recipe.student, recipe.without)
    distillation = None
    if recipe.distillation.needs_teacher:
        distillation = load_distillation(recipe.distillation, recipe.student.width, teacher)
    return StudentObjective(student, recipe.loss, distillation)


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
