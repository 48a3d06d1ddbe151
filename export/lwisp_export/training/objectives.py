"""Objectives: a network and all that is trained with it, as a module whose output is the loss of a batch."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn

from lwisp_export.student.network import Student
from lwisp_export.training.batches import Batch
from lwisp_export.training.distillation import Distillation
from lwisp_export.training.losses import charbonnier, total_loss
from lwisp_export.training.qat.fake_quant import FakeQuantStudent
from lwisp_export.training.teacher import Teacher
from lwisp_export.training.training_recipe import LossRecipe


class Objective(Protocol):
    """A module whose forward returns the loss of a batch."""

    shipped: nn.Module
    """The network that is averaged, validated and saved; adapters and the like are left behind."""


class StudentObjective(nn.Module):
    """The student's loss against the truth and, if there is one, against the teacher."""

    def __init__(self, student: Student, loss: LossRecipe, distillation: Distillation | None) -> None:
        """student: trained in place."""
        super().__init__()
        self.shipped = student
        self.loss = loss
        self.distillation = distillation

    def forward(self, batch: Batch) -> Tensor:
        """The batch's loss; the network in bfloat16 where autocast supports it, the loss in float32."""
        with _autocast(batch):
            context = None if batch.context is None else self.shipped.context(batch.context)
            output, features = self.shipped.develop(batch.input, context)
            loss = total_loss(output.float(), batch.truth, self.loss, batch.iso)
            if self.distillation is not None:
                loss = loss + cast(Tensor, self.distillation(output.float(), features, batch.truth))
        return loss


class QatObjective(nn.Module):
    """The fake-quantised student's loss against the ground truth and against the float student it started from."""

    def __init__(
        self, network: FakeQuantStudent, before: Student, loss: LossRecipe, float_consistency_weight: float
    ) -> None:
        """network: trained in place. before: the float student, frozen."""
        super().__init__()
        self.shipped = network
        self.before = before.eval().requires_grad_(False)
        self.loss = loss
        self.float_consistency_weight = float_consistency_weight

    def forward(self, batch: Batch) -> Tensor:
        """The batch's loss; in float32, because bfloat16 would round more coarsely than int8 does."""
        output = self.shipped(batch.input)
        with torch.no_grad():
            before = self.before(batch.input)
        consistency = charbonnier(output, before)
        return total_loss(output, batch.truth, self.loss, batch.iso) + self.float_consistency_weight * consistency


class TeacherObjective(nn.Module):
    """The teacher's loss: the clean picture from a corrupted one."""

    def __init__(self, teacher: Teacher, loss: LossRecipe) -> None:
        """teacher: trained in place."""
        super().__init__()
        self.shipped = teacher
        self.loss = loss

    def forward(self, batch: Batch) -> Tensor:
        """The batch's loss."""
        with _autocast(batch):
            output = self.shipped(batch.input)
            return total_loss(output.float(), batch.truth, self.loss)


def _autocast(batch: Batch) -> torch.autocast:
    return torch.autocast(batch.input.device.type, torch.bfloat16)
