"""Training: batches by step, the schedule, exact resuming, checkpoints, and bad input by name."""

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from lwisp_export.student.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    load_moments,
    read_tensors,
    save_checkpoint,
    save_moments,
)
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.student.network import Student
from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.synthesis.pairs import ShotRange
from lwisp_export.training.batches import Batch, BatchSource, Share, batches
from lwisp_export.training.losses import charbonnier, grid, ms_ssim, psnr_db, total_loss
from lwisp_export.training.networks import make_objective
from lwisp_export.training.photos import load_photos
from lwisp_export.training.recipe import LossRecipe, OptimizerRecipe
from lwisp_export.training.train import TrainOptions, train
from lwisp_export.training.trainer import Trainer, learning_rate
from lwisp_export.training.validation import DeadUnit, ValidationPair, validate
from lwisp_mobile.errors import ModelError, UsageError
from tests.export.training_data import RECIPE, write_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def source(data: Path) -> BatchSource:
    photos = load_photos(data, RECIPE.data)
    shots = ShotRange(load_sensors(data / "sensors.json"), load_phones(data / "noise.json"))
    return BatchSource(photos.training, shots, STUDENT_INPUT, patch_px=32, batch=2, seed=1, steps=8)


def silent(_text: str) -> None:
    pass


def run(data: Path, folder: Path, steps: int | None = None) -> Path:
    options = TrainOptions(data=data, run=folder, workers=0, steps=steps)
    train(RECIPE, options, silent)
    return folder


def test_a_stopped_run_continues_on_the_same_curve(data: Path, tmp_path: Path) -> None:
    whole = torch.load(run(data, tmp_path / "whole") / "state.pt", weights_only=True)
    run(data, tmp_path / "parts", steps=3)
    parts = torch.load(run(data, tmp_path / "parts") / "state.pt", weights_only=True)
    assert whole["step"] == parts["step"] == 8
    for kind in ("objective", "average"):
        assert all(torch.equal(value, parts[kind][key]) for key, value in whole[kind].items())


def test_a_run_leaves_a_checkpoint_and_a_log(data: Path, tmp_path: Path) -> None:
    folder = run(data, tmp_path)
    student, info = load_checkpoint(folder / "tiny.safetensors")
    assert (info.name, info.step, info.student) == ("tiny", 8, RECIPE.student)
    state = torch.load(folder / "state.pt", weights_only=True)
    assert torch.allclose(student.c1[0][0].weight, state["average"]["c1.0.0.weight"], atol=1e-3)
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4", "8"]
    assert all(5 < float(row["psnr_db_iso100"]) < 60 for row in rows)
    assert all(row["dead_attention_units"] == "0" for row in rows)


def test_training_learns(data: Path) -> None:
    """The loss on one repeated batch falls: gradients reach the weights with the right sign."""
    photos = load_photos(data, RECIPE.data)
    shots = ShotRange(load_sensors(data / "sensors.json"), load_phones(data / "noise.json"))
    batch = BatchSource(photos.training, shots, STUDENT_INPUT, 32, 2, 1, 1)[0]
    torch.manual_seed(1)
    trainer = Trainer(make_objective(RECIPE, None), OptimizerRecipe(steps=40, warmup_steps=1, learning_rate=3e-3))
    losses = [trainer.train_step(batch) for _ in range(40)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:3])


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
    objective = make_objective(RECIPE, None)
    batch = replace(source, context_share=1.0, patch_px=64)[0]
    own = objective(batch._replace(context=None))
    other = objective(batch)
    assert not torch.equal(own, other)
    other.backward()
    assert float(objective.shipped.to_global.weight.grad.abs().sum()) > 0


def test_validation_photographs_are_never_trained_on(data: Path) -> None:
    photos = load_photos(data, RECIPE.data)
    assert (len(photos.training), len(photos.validation)) == (3, 1)
    assert not any(np.array_equal(photos.validation[0], picture) for picture in photos.training)


def test_the_schedule_warms_up_holds_and_falls() -> None:
    recipe = OptimizerRecipe(learning_rate=1.0, final_learning_rate=0.1, warmup_steps=10, hold_steps=50, steps=100)
    rates = [learning_rate(step, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[30] == rates[49] == 1.0
    assert all(a > b for a, b in pairwise(rates[51:]))
    assert rates[100] == pytest.approx(0.1)


def test_losses() -> None:
    torch.manual_seed(0)
    truth = torch.rand(2, 3, 96, 96)
    near, far = (truth + 0.02).clamp(0, 1), torch.rand(2, 3, 96, 96)
    assert charbonnier(truth, truth) == pytest.approx(1e-3)
    assert ms_ssim(truth, truth) == pytest.approx(1.0, abs=1e-5)
    assert ms_ssim(near, truth) > 0.95
    assert ms_ssim(far, truth) < 0.5
    assert psnr_db(torch.full((1, 3, 4, 4), 0.6), torch.full((1, 3, 4, 4), 0.5)) == pytest.approx(20, abs=1e-4)
    both = total_loss(far, truth, LossRecipe(charbonnier=1, ms_ssim=0.2))
    assert both == pytest.approx(float(charbonnier(far, truth) + 0.2 * (1 - ms_ssim(far, truth))), abs=1e-6)
    only_charbonnier = LossRecipe(charbonnier=1, ms_ssim=0)
    assert total_loss(far, truth, only_charbonnier) == charbonnier(far, truth)


def test_the_grid_term_sees_grids_and_not_offsets_or_noise() -> None:
    torch.manual_seed(0)
    truth = torch.rand(1, 3, 64, 64)
    checker = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(32, 32)
    assert grid(truth + 0.05, truth) == pytest.approx(0, abs=1e-6)
    assert grid(truth + 0.05 * checker, truth) == pytest.approx(0.05, abs=1e-4)
    assert grid(truth + 0.05 * torch.randn(1, 3, 64, 64), truth) < 0.01
    with_grid = total_loss(truth + 0.05 * checker, truth, LossRecipe(charbonnier=0, ms_ssim=0, grid=2))
    assert with_grid == pytest.approx(0.1, abs=1e-3)


def test_a_loss_that_is_not_finite_stops_the_run() -> None:
    trainer = Trainer(make_objective(RECIPE, None), RECIPE.optimizer)
    batch = Batch(torch.full((1, 4, 16, 16), float("nan")), torch.zeros(1, 3, 32, 32))
    with pytest.raises(ModelError, match="loss is nan at step 0"):
        trainer.train_step(batch)


def test_a_dead_attention_unit_is_named_and_fires_again() -> None:
    trainer = Trainer(make_objective(RECIPE, None), RECIPE.optimizer)
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


def test_moments_come_back_near_and_serve_a_new_run(data: Path, tmp_path: Path) -> None:
    folder = run(data, tmp_path / "first", steps=4)
    moments = load_moments(folder / "tiny.moments.safetensors")
    trainer = Trainer(make_objective(RECIPE, None), RECIPE.optimizer)
    trainer.load(folder / "state.pt")
    for key, value in trainer.moments().items():
        assert torch.allclose(moments[key], value, atol=float(value.abs().max()) * 0.13), key
    start = TrainOptions(
        data=data,
        run=tmp_path / "second",
        start=folder / "tiny.safetensors",
        moments=folder / "tiny.moments.safetensors",
        workers=0,
        steps=2,
    )
    assert train(RECIPE, start, silent).psnr_db.keys() == {"iso100", "iso800", "iso3200"}


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photos": ("nowhere",)}, "isn't a folder"),
        ({"validation": ("photos/9.png",)}, "not a readable picture"),
        ({"photos": ("empty",)}, "no photographs to train on"),
    ],
)
def test_missing_data_is_named(data: Path, change: dict[str, tuple[str, ...]], message: str) -> None:
    (data / "empty").mkdir(exist_ok=True)
    with pytest.raises(UsageError, match=message):
        load_photos(data, replace(RECIPE.data, **change))  # type: ignore[arg-type]


def test_a_broken_photograph_is_named(data: Path, tmp_path: Path) -> None:
    folder = write_data(tmp_path / "data")
    (folder / "photos" / "2.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(UsageError, match=r"2\.png: not a readable picture"):
        load_photos(folder, RECIPE.data)
