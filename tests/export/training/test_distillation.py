"""Distillation: each term, what it trains, and what it leaves alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_export.training.batches import Batch
from lwisp_export.training.distillation import Distillation, decorrelation
from lwisp_export.training.teacher import Teacher
from lwisp_export.training.trainer import Trainer
from lwisp_export.training.training_recipe import DistillationRecipe, OptimizerRecipe
from tests.export.training_data import DISTILLING, random_objective


def random_batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(torch.rand(2, 4, 16, 16, generator=generator), torch.rand(2, 3, 32, 32, generator=generator))


def test_decorrelation_knows_neither_offset_nor_scale() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(2, 4, 32, 32), torch.randn(2, 4, 32, 32)
    assert decorrelation(3 * x + 1, x) == pytest.approx(0, abs=1e-5)
    assert decorrelation(-x, x) == pytest.approx(2, abs=1e-5)
    assert decorrelation(y, x) == pytest.approx(1, abs=0.05)
    assert torch.isfinite(decorrelation(torch.zeros_like(x), x))


@pytest.mark.parametrize("term", ["features", "reconstruction", "perceptual"])
def test_each_term_is_switched_by_its_weight(term: str) -> None:
    torch.manual_seed(0)
    student, teacher = Student(StudentConfig(width=8)), Teacher(8)
    batch = random_batch()
    output, features = student.develop(batch.input)

    def added(weight: float) -> Tensor:
        recipe = replace(DistillationRecipe(), **{term: weight})
        torch.manual_seed(1)
        return Distillation(teacher, 8, 8, recipe)(output, features, batch.truth)  # type: ignore[no-any-return]

    nothing, one, two = (added(weight) for weight in (0.0, 1.0, 2.0))
    assert nothing.detach() == 0
    assert one.detach() > 0
    assert torch.allclose(two, 2 * one)
    one.backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    reaches = student.c6[0][0].weight.grad
    assert reaches is not None
    assert float(reaches.abs().sum()) > 0


def test_adapters_are_trained_and_the_teacher_is_not(teacher: Path) -> None:
    torch.manual_seed(0)
    trainer = Trainer(random_objective(DISTILLING, teacher), OptimizerRecipe(warmup_steps=1, learning_rate=1e-3))
    before = {key: value.clone() for key, value in trainer.objective.state_dict().items()}
    trainer.train_step(random_batch())
    changed = {key for key, value in trainer.objective.state_dict().items() if not torch.equal(value, before[key])}
    assert any(key.startswith("distillation.adapters.") for key in changed)
    assert not any(key.startswith("distillation.teacher.") for key in changed)
    assert not any(key.startswith("distillation") for key in trainer.average)
