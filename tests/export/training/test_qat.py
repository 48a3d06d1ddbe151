"""Quantisation-aware training: the torch network with int8's rounding against the INT8 .tflite."""

import copy
import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.errors import ConversionError
from lwisp_export.quantization.quantization_recipe import WeightRules, find_quantization
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization_step import QuantizeOptions, quantize
from lwisp_export.student.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import silence
from lwisp_export.synthesis.builtin_frames import calibration_frames
from lwisp_export.training.batches import Batch
from lwisp_export.training.objectives import QatObjective
from lwisp_export.training.qat.fake_quant import FakeQuantStudent, round_weights
from lwisp_export.training.qat.graph_match import match_graph
from lwisp_export.training.qat.start import convert_student, start_qat
from lwisp_export.training.qat.trained_ranges import ranges_of, tensor_ranges
from lwisp_export.training.trainer import Trainer
from lwisp_export.training.training_recipe import DistillationRecipe, LossRecipe, OptimizerRecipe, QatRecipe
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import (
    calibration_tiles,
    develop,
    float_graph,
    psnr_db,
    run,
    skip_graph,
    skip_student,
    student,
    tile,
)
from tests.export.training_data import RECIPE

FORMS = ("plain", "skip")
# Compensated rounding takes most of a start's time, and has tests of its own.
START = replace(find_quantization("lwisp"), weights=WeightRules(rounding="nearest", correct_bias=False))


@dataclass(frozen=True)
class Form:
    """A student, its float .tflite, and tiles of its planes."""

    student: Student
    float_graph: Graph
    tiles: tuple[np.ndarray, ...]
    unseen: tuple[np.ndarray, ...]


def form(name: str) -> Form:
    made, graph = (student(), float_graph()) if name == "plain" else (skip_student(), skip_graph())
    planes = made.config.input_planes
    tiles = (tuple(tile(seed, planes=planes) for seed in seeds) for seeds in (range(8), range(20, 24)))
    return Form(made, graph, *tiles)


@functools.cache
def network(name: str = "plain") -> FakeQuantStudent:
    of = form(name)
    return start_qat(of.student, of.float_graph, of.tiles, START).eval()


@functools.cache
def as_shipped(name: str) -> tuple[Student, Graph, bytes]:
    """The student that a checkpoint would hold, its float .tflite and its INT8 .tflite."""
    rounded = copy.deepcopy(network(name).student)
    rounded.load_state_dict(network(name).rounded_student())
    model = convert_student(rounded, lambda _text: None)
    ranges = tensor_ranges(rounded, ranges_of(network(name)), model)
    int8 = quantize_int8(model, form(name).tiles[:1], find_quantization("trained"), ranges)
    return rounded, model, int8.pack()


def pooled_db(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return psnr_db(np.stack(one), np.stack(other))


@pytest.mark.parametrize(("name", "unmatched"), [("plain", {"output"}), ("skip", {"input", "output"})])
def test_every_tensor_of_the_tflite_has_its_step_in_torch(name: str, unmatched: set[str]) -> None:
    of = form(name)
    match = match_graph(of.student, of.float_graph)
    made = {operator.output.name for operator in of.float_graph.operators}
    blocks = {name for names in match.convolutions.values() for name in names}
    # Of the picture's depth-to-space: before it are the logits' values, after it those that are clipped.
    assert made - {*match.tensors.values(), *blocks} == {f"node_pixel_shuffle_7_{end}_nhwc" for end in unmatched}
    assert [len(match.convolutions[name]) for name in ("c0.0", "u1.expand.0", "to_rgb")] == [1, 2, 1]


def test_a_student_of_another_form_is_refused() -> None:
    with pytest.raises(ConversionError, match="has no counterpart"):
        match_graph(student(task="denoise"), float_graph())
    with pytest.raises(ConversionError, match="has no counterpart"):
        match_graph(skip_student(), float_graph())


@pytest.mark.parametrize("name", FORMS)
def test_int8_drifts_from_float_as_the_training_sees_it(name: str) -> None:
    rounded, _, int8 = as_shipped(name)
    unseen = form(name).unseen
    truths = [develop(rounded, t) for t in unseen]
    seen, shipped = [develop(network(name), t) for t in unseen], [run(int8, t) for t in unseen]
    assert pooled_db(seen, truths) == pytest.approx(pooled_db(shipped, truths), abs=0.3)
    # Ties and biases round a little differently, and every later rounding depends on the earlier ones.
    assert pooled_db(seen, shipped) > pooled_db(shipped, truths) + 1


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.filterwarnings("ignore:Warning. Enabling .experimental_preserve_all_tensors")
def test_scales_are_those_of_the_training_and_first_codes_are_equal(name: str) -> None:
    rounded, model, int8 = as_shipped(name)
    interpreter = Interpreter(model_content=int8, num_threads=1, experimental_preserve_all_tensors=True)
    details = {d["name"]: d for d in interpreter.get_tensor_details()}
    trained = tensor_ranges(rounded, ranges_of(network(name)), model)
    for tensor, found in trained.items():
        assert details[tensor]["quantization"][0] == pytest.approx(found.scale, rel=1e-5), tensor
    interpreter.allocate_tensors()
    packed = form(name).unseen[0]
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], np.rint(packed[None] * 255 - 128).astype(np.int8)
    )
    interpreter.invoke()
    first = match_graph(rounded, model).tensors["c0_1"]
    codes = interpreter.get_tensor(details[first]["index"])[0].astype(np.float32) + 128
    with torch.no_grad():
        values = torch.from_numpy(np.rint(packed * 255) / 255).float().permute(2, 0, 1)[None]
        wanted = rounded.c0(values)[0].permute(1, 2, 0).numpy() / trained[first].scale
    assert np.mean(np.abs(codes - np.rint(wanted)) > 0) < 2e-3


@pytest.mark.parametrize("name", FORMS)
def test_int8_of_trained_weights_is_fully_integer_and_like_the_float_file_in_form(name: str) -> None:
    _, _, int8 = as_shipped(name)
    facts, coverage = inspect_tflite(int8), delegate_coverage(int8)
    assert facts.float_islands == ()
    assert (coverage.partitions, coverage.undelegated) == (1, ())


def codes_of(weights: torch.Tensor) -> torch.Tensor:
    steps = weights.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
    return torch.round(weights / steps.clamp_min(1e-9))


def test_rounding_weights_twice_and_through_half_floats_changes_nothing() -> None:
    weights = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(3)) * torch.logspace(-3, 0, 6).view(
        -1, 1, 1, 1
    )
    weights[2] = 0
    once = round_weights(weights)
    assert torch.allclose(round_weights(once), once, rtol=1e-5)
    codes = [
        torch.round(w / (w.abs().amax(dim=(1, 2, 3), keepdim=True) / 127).clamp_min(1e-9))
        for w in (once, once.half().float())
    ]
    assert torch.equal(*codes)


@pytest.mark.parametrize("name", FORMS)
def test_training_moves_the_rounding_picture_towards_float(name: str) -> None:
    of, started = form(name), copy.deepcopy(network(name))
    packed = torch.from_numpy(np.stack(of.tiles[:4])).permute(0, 3, 1, 2)
    with torch.no_grad():
        batch = Batch(packed, of.student(packed))
    objective = QatObjective(started, copy.deepcopy(of.student), LossRecipe(charbonnier=0, ms_ssim=0), 1.0)
    trainer = Trainer(objective, OptimizerRecipe(steps=20, warmup_steps=1, learning_rate=1e-4))
    losses = [trainer.train_step(batch) for _ in range(20)]
    assert np.mean(losses[-5:]) < 0.985 * losses[0]
    before, after = network(name).ranges(), started.ranges()
    moved = {node for node in before if after[node].high != pytest.approx(before[node].high, rel=1e-3)}
    fixed = {"packed", "to_rgb", "sigmoid_8"} if name == "plain" else {"packed", "clamp", "sigmoid_8", "gate"}
    assert moved
    assert moved.isdisjoint(fixed)
    assert name == "plain" or moved >= {"to_rgb", "skip"}


def test_silent_channels_stay_silent_and_out_of_the_tflite() -> None:
    made = copy.deepcopy(skip_student())
    first_half = {name: torch.arange(size) < size // 2 for name, size in (("c6.0.0", 64), ("c5.0", 128))}
    silent = {**first_half, "u1.expand.0": torch.arange(128) // 4 % 2 == 0}
    silence(made.state_dict(), silent)
    graph = convert_student(made, lambda _text: None)
    assert len(graph.pack()) < 0.9 * len(skip_graph().pack())
    weights = start_qat(made, graph, form("skip").tiles[:2], START).rounded_student()
    for name, channels in silent.items():
        assert not bool(weights[f"{name}.weight"][channels].any())
        assert bool(weights[f"{name}.weight"][~channels].flatten(1).any(dim=1).all())


QAT = replace(RECIPE, student=student().config, qat=QatRecipe(), optimizer=OptimizerRecipe(steps=2, warmup_steps=1))


def test_a_run_leaves_a_checkpoint_that_exports_by_its_own_ranges(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("training.objective_setup", "quantization_step"):  # all frames would take a minute
        monkeypatch.setattr(f"lwisp_export.{user}.calibration_frames", lambda: calibration_frames()[:1])
    start = tmp_path / "float.safetensors"
    save_checkpoint(start, student().state_dict(), CheckpointInfo("tiny", student().config, 1, "0"))
    options = TrainOptions(data=data, run=tmp_path / "run", start=start, workers=0)
    train(QAT, options, lambda _text: None)
    trained, info = load_checkpoint(tmp_path / "run" / "tiny.safetensors")
    assert info.step == 2
    assert {r.node for r in info.ranges} >= {"packed", "c0_1", "to_rgb", "sigmoid_8"}
    assert torch.allclose(round_weights(trained.c1[0][0].weight), trained.c1[0][0].weight, rtol=1e-3)
    assert not (tmp_path / "run" / "tiny.moments.safetensors").exists()
    ranges = tensor_ranges(trained, info.ranges, float_graph())
    options = QuantizeOptions()
    made = quantize(float_graph(), (), options, lambda _: None, contract=STUDENT_INPUT, tile_px=64, trained=ranges)
    assert made.recipe == find_quantization("trained")


def test_what_can_not_be_trained_is_named(data: Path, tmp_path: Path) -> None:
    options = TrainOptions(data=data, run=tmp_path / "run", workers=0)
    with pytest.raises(UsageError, match="needs a float checkpoint: give --start"):
        train(QAT, options, lambda _text: None)
    start = tmp_path / "float.safetensors"
    save_checkpoint(start, student().state_dict(), CheckpointInfo("tiny", student().config, 1, "0"))
    other = replace(QAT, student=replace(QAT.student, width=16))
    with pytest.raises(UsageError, match="is a student of"):
        train(other, replace(options, start=start), lambda _text: None)
    for wrong in (
        {"distillation": DistillationRecipe(features=1.0)},
        {"data": replace(RECIPE.data, context_share=0.5, patch_px=64)},
    ):
        with pytest.raises(UsageError, match=r"\[qat\] is for students of task isp"):
            replace(QAT, **wrong)


def test_a_float_checkpoint_has_no_trained_ranges() -> None:
    with pytest.raises(UsageError, match="takes trained ranges, but the checkpoint has none"):
        quantize_int8(float_graph(), calibration_tiles()[:1], find_quantization("trained"))


def test_training_may_not_shrink_a_range_until_bright_pictures_clip() -> None:
    started = copy.deepcopy(network())
    with torch.no_grad():
        started.growth.fill_(-1.0)
    started.least_range = 0.8
    before, after = network().ranges(), started.ranges()
    shares = {node: after[node].high / before[node].high for node in before}
    assert min(shares.values()) == pytest.approx(0.8)
    assert shares["packed"] == shares["to_rgb"] == 1
