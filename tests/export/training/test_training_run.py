"""Training runs: exact resuming, what they leave behind, and states and starts of other runs."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lwisp_export.student.checkpoint import CheckpointInfo, load_checkpoint, load_moments, save_checkpoint
from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import find_silent
from lwisp_export.training.batches import Share
from lwisp_export.training.task_data import load_task_data
from lwisp_export.training.trainer import Trainer
from lwisp_export.training.training_run import TrainOptions, begin, train
from lwisp_mobile.errors import ModelError
from lwisp_mobile.progress import silent
from tests.export.training_data import DISTILLING, RECIPE, SKIPPING, random_objective


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


def test_moments_come_back_near_and_serve_a_new_run(data: Path, tmp_path: Path) -> None:
    folder = run(data, tmp_path / "first", steps=4)
    moments = load_moments(folder / "tiny.moments.safetensors")
    trainer = Trainer(random_objective(), RECIPE.optimizer)
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


def test_a_distilling_run_resumes_on_the_same_curve(data: Path, teacher: Path, tmp_path: Path) -> None:
    recipe = replace(DISTILLING, data=replace(DISTILLING.data, context_share=0.5, patch_px=64))
    options = TrainOptions(data=data, run=tmp_path / "whole", teacher=teacher, workers=0)
    train(recipe, options, silent)
    train(recipe, replace(options, run=tmp_path / "parts", steps=3), silent)
    train(recipe, replace(options, run=tmp_path / "parts"), silent)
    whole, parts = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    assert all(torch.equal(value, parts["objective"][key]) for key, value in whole["objective"].items())


def test_a_state_of_another_run_is_named(data: Path, teacher: Path, tmp_path: Path) -> None:
    train(RECIPE, TrainOptions(data=data, run=tmp_path, workers=0, steps=2), silent)
    with pytest.raises(ModelError, match=r"state\.pt isn't a state of this recipe's run"):
        train(DISTILLING, TrainOptions(data=data, run=tmp_path, teacher=teacher, workers=0), silent)


def test_a_skip_students_run_goes_on_at_its_checkpoints_step(data: Path, tmp_path: Path) -> None:
    first = TrainOptions(data=data, run=tmp_path / "first", workers=0, steps=4)
    assert train(SKIPPING, first, silent).psnr_db.keys() == {"iso1", "iso100"}
    start, moments = (tmp_path / "first" / f"tiny.{kind}" for kind in ("safetensors", "moments.safetensors"))
    student, info = load_checkpoint(start)
    assert (info.step, info.rendered_tone) == (4, "neutral")
    assert (info.input.planes[-1], info.input.color_shift, info.input.exposure_knee) == ("noise", "smoothed", 0.5)
    assert student.config == SKIPPING.student
    said: list[str] = []
    train(SKIPPING, replace(first, run=tmp_path / "second", start=start, moments=moments, steps=6), said.append)
    assert said[0].endswith("at step 4")
    assert load_checkpoint(tmp_path / "second" / "tiny.safetensors")[1].step == 6
    anew = replace(SKIPPING, keep_step=False)
    assert begin(anew, replace(first, run=tmp_path / "third", start=start), silent).step == 0


def test_channels_that_never_fire_are_zero_at_the_end(data: Path, tmp_path: Path) -> None:
    options = TrainOptions(data=data, run=tmp_path, workers=0)
    said: list[str] = []
    train(replace(SKIPPING, silence_batches=2), replace(options, steps=4), said.append)
    assert not any("silent" in line for line in said), "the schedule isn't at its end"
    train(replace(SKIPPING, silence_batches=2), options, said.append)
    assert any(line.endswith("silent channels set to zero; the export leaves them out") for line in said)
    student, _ = load_checkpoint(tmp_path / f"{SKIPPING.name}.safetensors")
    batches = load_task_data(SKIPPING, data, SKIPPING.optimizer.steps, Share()).source
    for name, dead in find_silent(student, (batches[index].input for index in range(2))).items():
        assert not bool(student.get_parameter(f"{name}.weight")[dead].any()), name


def test_a_student_with_a_skip_begins_from_one_without(data: Path, tmp_path: Path) -> None:
    plain = Student(replace(SKIPPING.student, noise_plane=False, image_skip=False))
    start = tmp_path / "plain.safetensors"
    save_checkpoint(start, plain.state_dict(), CheckpointInfo("plain", plain.config, 30_000, "0"))
    options = TrainOptions(data=data, run=tmp_path / "run", start=start, workers=0)
    trainer = begin(replace(SKIPPING, keep_step=True), options, silent)
    assert trainer.step == 0
    torch.testing.assert_close(trainer.average["c1.0.0.weight"], plain.state_dict()["c1.0.0.weight"].half().float())
