"""Teacher, distillation, ablation, picture strip, and training by several processes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from lwisp_export.student.checkpoint import CheckpointInfo, save_checkpoint
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.cost import count_parameters
from lwisp_export.student.left_out import build_student
from lwisp_export.student.network import Student
from lwisp_export.training.batches import Batch, Share
from lwisp_export.training.corruption import BLANK, corrupt
from lwisp_export.training.distillation import Distillation, decorrelation
from lwisp_export.training.distributed import check_share
from lwisp_export.training.networks import load_teacher, make_objective
from lwisp_export.training.recipe import DistillationRecipe, OptimizerRecipe, Part, TeacherRecipe
from lwisp_export.training.strip import TILE_PX, Strip
from lwisp_export.training.teacher import Teacher
from lwisp_export.training.train import TrainOptions, train
from lwisp_export.training.trainer import Trainer
from lwisp_export.training.validation import ValidationPair
from lwisp_mobile.errors import ModelError, UsageError
from tests.export.training_data import RECIPE, write_data

TEACHER = replace(RECIPE, name="teacher", teacher=TeacherRecipe(width=8))
DISTILLING = replace(RECIPE, distillation=DistillationRecipe(features=0.1, reconstruction=0.1, perceptual=0.1))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def teacher(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher's file from a short run of the trainer itself."""
    folder = tmp_path_factory.mktemp("teacher")
    result = train(TEACHER, TrainOptions(data=data, run=folder, workers=0), silent)
    assert result.psnr_db.keys() == {"clean", "corrupted"}
    return folder / "teacher.safetensors"


def silent(_text: str) -> None:
    pass


def random_batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(torch.rand(2, 4, 16, 16, generator=generator), torch.rand(2, 3, 32, 32, generator=generator))


def test_the_teachers_levels_match_the_students() -> None:
    student, teacher = Student(StudentConfig(width=8)), Teacher(16)
    _, own = student.develop(torch.rand(1, 4, 32, 48))
    picture, taught = teacher.reconstruct(torch.rand(1, 3, 64, 96))
    assert picture.shape == (1, 3, 64, 96)
    for ours, theirs in zip(own, taught):
        assert ours.shape[2:] == theirs.shape[2:]
        assert 2 * ours.shape[1] == theirs.shape[1]


def test_the_teachers_top_level_has_no_skip() -> None:
    """With the inner levels silenced nothing of the picture comes through."""
    teacher = Teacher(8)
    for parameter in teacher.e2.parameters():
        torch.nn.init.zeros_(parameter)
    one, other = teacher(torch.rand(1, 3, 32, 32)), teacher(torch.rand(1, 3, 32, 32))
    assert torch.equal(one, other)


def test_the_teachers_input_is_corrupted() -> None:
    picture = np.full((64, 80, 3), 0.25, np.float32)
    recipe = TeacherRecipe(noise=0.1, masked=0.5)
    corrupted = corrupt(picture, recipe, np.random.default_rng(1))
    blank = (corrupted == BLANK).all(axis=2)
    assert 0 < blank.mean() < 0.6
    assert all(block.all() or not block.any() for block in blank.reshape(4, 16, 5, 16).swapaxes(1, 2).reshape(-1, 256))
    assert 0 < corrupted[~blank].std() < 0.12
    clean = corrupt(picture, TeacherRecipe(noise=0, masked=0), np.random.default_rng(1))
    assert np.array_equal(clean, picture)


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
    trainer = Trainer(make_objective(DISTILLING, teacher), OptimizerRecipe(warmup_steps=1, learning_rate=1e-3))
    before = {key: value.clone() for key, value in trainer.objective.state_dict().items()}
    trainer.train_step(random_batch())
    changed = {key for key, value in trainer.objective.state_dict().items() if not torch.equal(value, before[key])}
    assert any(key.startswith("distillation.adapters.") for key in changed)
    assert not any(key.startswith("distillation.teacher.") for key in changed)
    assert not any(key.startswith("distillation") for key in trainer.average)


def test_a_distilling_run_resumes_on_the_same_curve(data: Path, teacher: Path, tmp_path: Path) -> None:
    recipe = replace(DISTILLING, data=replace(DISTILLING.data, context_share=0.5, patch_px=64))
    options = TrainOptions(data=data, run=tmp_path / "whole", teacher=teacher, workers=0)
    train(recipe, options, silent)
    train(recipe, replace(options, run=tmp_path / "parts", steps=3), silent)
    train(recipe, replace(options, run=tmp_path / "parts"), silent)
    whole, parts = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    assert all(torch.equal(value, parts["objective"][key]) for key, value in whole["objective"].items())


def test_a_missing_or_wrong_teacher_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give --teacher"):
        make_objective(DISTILLING, None)
    config = StudentConfig(width=8)
    save_checkpoint(tmp_path / "s.safetensors", Student(config).state_dict(), CheckpointInfo("s", config, 0, ""))
    with pytest.raises(ModelError, match=r"s\.safetensors.*unknown key 'input'"):
        load_teacher(tmp_path / "s.safetensors")


def test_a_state_of_another_run_is_named(data: Path, teacher: Path, tmp_path: Path) -> None:
    train(RECIPE, TrainOptions(data=data, run=tmp_path, workers=0, steps=2), silent)
    with pytest.raises(ModelError, match=r"state\.pt isn't a state of this recipe's run"):
        train(DISTILLING, TrainOptions(data=data, run=tmp_path, teacher=teacher, workers=0), silent)


@pytest.mark.parametrize("part", ["fgam", "ccub", "global_vector"])
def test_an_ablated_student_lacks_its_part(part: Part) -> None:
    config = StudentConfig(width=8)
    torch.manual_seed(0)
    student = build_student(config, part)
    packed = torch.rand(1, 4, 32, 32)
    output, _ = student.develop(packed)
    assert output.shape == (1, 3, 64, 64)
    assert count_parameters(student) < count_parameters(Student(config))
    context = student.context(packed)
    if part == "fgam":
        assert all(not gate.any() for gate in context[:4])
    if part == "global_vector":
        assert not context.global_vector.any()
    if part == "ccub":
        calls: list[object] = []
        student.u1.register_forward_hook(lambda *_: calls.append(None))
        student.develop(packed)
        assert len(calls) == 1, "the encoder's feature isn't upsampled"


def test_the_strip_grows_by_a_row_per_validation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    pairs = tuple(ValidationPair("a", torch.rand(1, 4, 48, 80), torch.rand(1, 3, 96, 160)) for _ in range(3))
    for level in (0.25, 0.75):
        strip = Strip(tmp_path / "strip.png", pairs)
        for index, pair in enumerate(pairs):
            strip.show(index, torch.full_like(pair.truth, level))
        strip.end_row()
    picture = np.asarray(Image.open(tmp_path / "strip.png"))
    assert picture.shape == (3 * TILE_PX, 3 * TILE_PX, 3)
    assert np.array_equal(
        picture[:96, :TILE_PX], np.rint(255 * pairs[0].truth[0, :, :, 16:144].permute(1, 2, 0).numpy())
    )
    assert (picture[TILE_PX : TILE_PX + 96] == 64).all()
    assert (picture[2 * TILE_PX : 2 * TILE_PX + 96] == 191).all()


def test_uneven_shares_are_refused() -> None:
    with pytest.raises(UsageError, match="batch of 3"):
        check_share(3, Share(0, 2))


_RANK = """
import sys
from pathlib import Path
from lwisp_export.training.train import TrainOptions, train
from tests.export.training_data import RECIPE
train(RECIPE, TrainOptions(data=Path(sys.argv[1]), run=Path(sys.argv[2]), workers=0), print)
"""


def test_two_processes_train_as_one_does(data: Path, tmp_path: Path) -> None:
    """Under torchrun's own launcher on CPUs (gloo): one process's weights, up to the rounding of bfloat16."""
    train(RECIPE, TrainOptions(data=data, run=tmp_path / "one", workers=0), silent)
    script = tmp_path / "rank.py"
    script.write_text(_RANK)
    root = Path(__file__).parents[3]
    path = os.pathsep.join(str(root / part) for part in ("", "export", "benchmarks"))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launcher, str(script), str(data), str(tmp_path / "two")]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step 8/8") == 1, done.stdout
    one, two = (torch.load(tmp_path / name / "state.pt", weights_only=True)["objective"] for name in ("one", "two"))
    start = make_start()
    moved = sum(float((value - start[key]).abs().sum()) for key, value in one.items())
    apart = sum(float((value - two[key]).abs().sum()) for key, value in one.items())
    assert apart < 0.2 * moved


def make_start() -> dict[str, Tensor]:
    """The weights before the first step."""
    torch.manual_seed(RECIPE.seed)
    return make_objective(RECIPE, None).state_dict()
