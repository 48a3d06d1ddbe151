"""The trainer: it learns, follows the schedule, stops on NaN and revives dead attention units."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.synthesis.shots import ShotRange
from lwisp_export.training.batches import Batch, BatchSource
from lwisp_export.training.photos import load_photos
from lwisp_export.training.trainer import Trainer, learning_rate
from lwisp_export.training.training_recipe import OptimizerRecipe
from lwisp_export.training.validation import DeadUnit, ValidationPair, validate
from lwisp_mobile.errors import ModelError
from tests.export.training_data import RECIPE, random_objective


def test_training_learns(data: Path) -> None:
    """The loss on one repeated batch falls: gradients reach the weights with the right sign."""
    photos = load_photos(data, RECIPE.data)
    shots = ShotRange(load_sensors(data / "sensors.json"), load_phones(data / "noise.json"))
    batch = BatchSource(photos.training, shots, STUDENT_INPUT, 32, 2, 1, 1)[0]
    torch.manual_seed(1)
    trainer = Trainer(random_objective(), OptimizerRecipe(steps=40, warmup_steps=1, learning_rate=3e-3))
    losses = [trainer.train_step(batch) for _ in range(40)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:3])


def test_the_schedule_warms_up_holds_and_falls() -> None:
    recipe = OptimizerRecipe(learning_rate=1.0, final_learning_rate=0.1, warmup_steps=10, hold_steps=50, steps=100)
    rates = [learning_rate(step, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[30] == rates[49] == 1.0
    assert all(a > b for a, b in pairwise(rates[51:]))
    assert rates[100] == pytest.approx(0.1)


def test_a_loss_that_is_not_finite_stops_the_run() -> None:
    trainer = Trainer(random_objective(), RECIPE.optimizer)
    batch = Batch(torch.full((1, 4, 16, 16), float("nan")), torch.zeros(1, 3, 32, 32))
    with pytest.raises(ModelError, match="loss is nan at step 0"):
        trainer.train_step(batch)


def test_a_dead_attention_unit_is_named_and_fires_again() -> None:
    trainer = Trainer(random_objective(), RECIPE.optimizer)
    for weights in (trainer.shipped.state_dict(), trainer.average):
        weights["p2.channel.squeeze.weight"][1] = -1.0
        weights["p2.channel.squeeze.bias"][1] = 0.0
    generator = torch.Generator().manual_seed(0)
    pair = ValidationPair("a", torch.rand(1, 4, 32, 32, generator=generator), torch.rand(1, 3, 64, 64))
    before = trainer.averaged()(pair.input)
    dead = validate(trainer.averaged(), [pair]).dead_attention_units
    assert dead == (DeadUnit("p2.channel", 1),)
    trainer.revive(dead)
    assert validate(trainer.averaged(), [pair]).dead_attention_units == ()
    assert torch.allclose(trainer.averaged()(pair.input), before, atol=1e-6)
    trainer.train_step(Batch(pair.input, pair.truth))
    assert float(trainer.shipped.state_dict()["p2.channel.excite.weight"][:, 1].abs().max()) > 0
