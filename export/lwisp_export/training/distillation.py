"""Heterogeneous distillation: what a teacher that reconstructs clean pictures adds to the student's loss."""

from pathlib import Path

import torch
from torch import Tensor, nn

from lwisp_export.student.network import Features
from lwisp_export.training.losses import charbonnier
from lwisp_export.training.teacher import Teacher, load_teacher
from lwisp_export.training.training_recipe import DistillationRecipe
from lwisp_mobile.errors import UsageError

_LEVELS = (8, 4, 2, 1)
"""Channels of c6, c7, c8, c9 over the width, student's and teacher's alike."""
_STD_FLOOR = 1e-3
"""Floor of the standard deviation, so that channels that are nearly constant in a batch aren't amplified."""


class Distillation(nn.Module):
    """The teacher's terms of the loss. The teacher is frozen; the adapters are trained with the student."""

    def __init__(self, teacher: Teacher, student_width: int, teacher_width: int, recipe: DistillationRecipe) -> None:
        """Freeze the teacher and create an adapter per decoder level."""
        super().__init__()
        self.recipe = recipe
        self.teacher = teacher.eval().requires_grad_(False)
        levels = _LEVELS if recipe.features else ()
        self.adapters = nn.ModuleList(nn.Conv2d(k * student_width, k * teacher_width, 1) for k in levels)

    def forward(self, output: Tensor, features: Features, truth: Tensor) -> Tensor:
        """The recipe's weighted sum; a term of weight 0 isn't computed.

        output, truth: (N, 3, H, W) in [0, 1]. features: the student's, as from `Student.develop`.
        """
        loss = output.new_zeros(())
        if self.recipe.features or self.recipe.reconstruction:
            with torch.no_grad():
                target, teacher_features = self.teacher.reconstruct(truth)
            if self.recipe.features:
                adapted = [adapt(feature) for adapt, feature in zip(self.adapters, features)]
                parts = [decorrelation(one, other) for one, other in zip(adapted, teacher_features)]
                loss = loss + self.recipe.features * torch.stack(parts).mean()
            if self.recipe.reconstruction:
                loss = loss + self.recipe.reconstruction * charbonnier(output, target.float())
        if self.recipe.perceptual:
            loss = loss + self.recipe.perceptual * self._perceptual(output, truth)
        return loss

    def _perceptual(self, output: Tensor, truth: Tensor) -> Tensor:
        with torch.no_grad():
            of_truth = self.teacher.encode(truth)
        of_output = self.teacher.encode(output)
        # Relative to the spread over the ground truth's features, so that every channel counts alike.
        parts = [((one - other) / _spread(other)).abs().mean() for one, other in zip(of_output, of_truth)]
        return torch.stack(parts).mean()


def load_distillation(recipe: DistillationRecipe, student_width: int, teacher: Path | None) -> Distillation:
    """The teacher's terms. Raises UsageError without a teacher, ModelError if the file isn't one."""
    if teacher is None:
        raise UsageError("The recipe distils and needs a teacher: give --teacher (`lwisp train teacher` trains one).")
    info, network = load_teacher(teacher)
    return Distillation(network, student_width, info.teacher_width, recipe)


def decorrelation(one: Tensor, other: Tensor) -> Tensor:
    """1 - mean correlation per channel over batch and space; 0 when equal up to offset and scale."""
    return 1 - (_standardised(one.float()) * _standardised(other.float())).mean()


def _standardised(x: Tensor) -> Tensor:
    return (x - x.mean(dim=(0, 2, 3), keepdim=True)) / _spread(x)


def _spread(x: Tensor) -> Tensor:
    return x.std(dim=(0, 2, 3), keepdim=True, correction=0).clamp_min(_STD_FLOOR)
