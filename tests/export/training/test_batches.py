"""Batches depend on seed and step alone, whoever makes them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.synthesis.shots import ShotRange, ShotVariety
from lwisp_export.training.batches import Batch, BatchSource, Share, batches
from lwisp_export.training.photos import load_photos
from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE
from tests.export.training_data import RECIPE, random_objective


@pytest.fixture
def source(data: Path) -> BatchSource:
    photos = load_photos(data, RECIPE.data)
    shots = ShotRange(load_sensors(data / "sensors.json"), load_phones(data / "noise.json"))
    return BatchSource(photos.training, shots, STUDENT_INPUT, patch_px=32, batch=2, seed=1, steps=8)


def test_batches_depend_on_seed_and_step_alone(source: BatchSource) -> None:
    first, again, other = source[3], source[3], source[4]
    assert same(first, again)
    assert not torch.equal(first.input, other.input)
    assert not torch.equal(first.input, replace(source, seed=2)[3].input)
    assert same(first, next(batches(source, 3, workers=1)))
    assert first.input.shape == (2, 4, 16, 16)
    assert first.truth.shape == (2, 3, 32, 32)
    assert first.context is None
    assert all(0 <= side.min() <= side.max() <= 1 for side in first[:2])


def same(one: Batch, other: Batch) -> bool:
    return all((a is None and b is None) or torch.equal(a, b) for a, b in zip(one, other))


def test_shares_of_a_batch_make_up_the_batch(source: BatchSource) -> None:
    whole, first, second = source[5], replace(source, share=Share(0, 2))[5], replace(source, share=Share(1, 2))[5]
    assert torch.equal(whole.input, torch.cat([first.input, second.input]))
    assert torch.equal(whole.truth, torch.cat([first.truth, second.truth]))


def test_some_batches_carry_a_context_from_all_over_the_frame(source: BatchSource) -> None:
    mixed = replace(source, context_share=0.5, patch_px=64, steps=40)
    contexts = [mixed[step].context for step in range(40)]
    with_context = [context for context in contexts if context is not None]
    assert 10 < len(with_context) < 30
    assert all(context.shape == (2, 4, 32, 32) for context in with_context)
    halves = {mixed[step].context is None for step in (3,)} | {
        replace(mixed, share=Share(i, 2))[3].context is None for i in range(2)
    }
    assert len(halves) == 1


def test_a_context_changes_what_is_learned(data: Path, source: BatchSource) -> None:
    """The context's gates and vector are used, and gradients reach the layers that make them through it."""
    torch.manual_seed(1)
    objective = random_objective()
    batch = replace(source, context_share=1.0, patch_px=64)[0]
    own = objective(batch._replace(context=None))
    other = objective(batch)
    assert not torch.equal(own, other)
    other.backward()
    assert float(objective.shipped.to_global.weight.grad.abs().sum()) > 0


def test_by_area_large_pictures_are_seen_more_often(source: BatchSource) -> None:
    large, small = np.full((300, 100, 3), 255, np.uint8), np.zeros((32, 32, 3), np.uint8)
    pair = replace(source, pictures=(small, large), batch=64)
    shares = [_share_of_white(replace(pair, by_area=by_area)[0]) for by_area in (True, False)]
    assert shares[0] > 0.85
    assert 0.35 < shares[1] < 0.65


def _share_of_white(batch: Batch) -> float:
    return float((batch.truth.mean((1, 2, 3)) > 0.1).float().mean())


def test_batches_say_the_iso_and_the_noise(source: BatchSource) -> None:
    told = replace(STUDENT_INPUT, planes=(*MOSAIC_PLANES, NOISE_PLANE))
    shots = replace(source.shots, exposure_ev=(0.0, 0.0), variety=ShotVariety(iso=(3200, 3200), noiseless_share=0.5))
    batch = replace(source, contract=told, shots=shots, batch=16)[0]
    assert batch.iso is not None
    assert sorted(set(batch.iso.tolist())) == pytest.approx([1, 3200])
    noise = batch.input[:, 4].mean((1, 2))
    assert noise[batch.iso > 1].min() > 10 * noise[batch.iso == 1].max() > 0
