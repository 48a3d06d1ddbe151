"""Recipes for every task and layout reach the trainer; the ablation and the sheet give what they say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_export.evaluation.contact_sheet import CROP_PX, Rendering, block, busiest, write_sheet
from lwisp_export.student.checkpoint import CheckpointInfo, read_tensors
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.training.ablation_study import VariantScores, ablate, table, variants
from lwisp_export.training.pairs.zrr import ZRR_INPUT
from lwisp_export.training.training_recipe import DataRecipe, DistillationRecipe, TeacherRecipe, TrainRecipe
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_mobile.errors import UsageError
from tests.export.training_data import RECIPE


def write_pairs(folder: Path, source: str, truth: str) -> None:
    """Two pairs of pictures of 64x96: a dark and a bright one."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        picture = np.asarray(Image.fromarray(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)).resize((96, 64)))
        for side, factor in ((source, 0.3), (truth, 1.0)):
            (folder / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray((picture * factor).astype(np.uint8)).save(folder / side / f"{name}.png")


@pytest.mark.parametrize("task", ["denoise", "enhance"])
def test_sub_tasks_train_on_made_pairs_and_say_what_doing_nothing_scores(data: Path, tmp_path: Path, task: str) -> None:
    recipe = replace(RECIPE, student=StudentConfig(width=8, task=task))  # type: ignore[arg-type]
    said: list[str] = []
    result = train(recipe, TrainOptions(data=data, run=tmp_path, workers=0, steps=2), said.append)
    assert result.psnr_db.keys() == {"iso100", "iso800", "iso3200"}
    assert "(input " in said[-1]


def test_enhance_trains_on_lol(tmp_path: Path) -> None:
    for split in ("our485", "eval15"):
        write_pairs(tmp_path / split, "low", "high")
    lol = DataRecipe(layout="lol", patch_px=32, batch=2)
    recipe = replace(RECIPE, student=StudentConfig(width=8, task="enhance"), data=lol)
    result = train(recipe, TrainOptions(data=tmp_path, run=tmp_path / "run", workers=0, steps=2), lambda _: None)
    assert result.psnr_db.keys() == {"eval15"}
    with pytest.raises(UsageError, match="our485"):
        train(recipe, TrainOptions(data=tmp_path / "run", run=tmp_path / "run", workers=0, steps=3), lambda _: None)


def test_a_checkpoint_says_how_its_input_was_made(data: Path, tmp_path: Path) -> None:
    zrr = tmp_path / "zrr"
    for split in ("train", "test"):
        for folder in ("huawei_raw", "canon"):
            (zrr / split / folder).mkdir(parents=True)
        Image.fromarray(np.full((64, 64), 300, np.uint16)).save(zrr / split / "huawei_raw" / "0.png")
        Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(zrr / split / "canon" / "0.jpg")
    own = replace(RECIPE, data=DataRecipe(layout="zrr", patch_px=32, batch=2))
    for name, recipe, folder, contract in (("any", RECIPE, data, STUDENT_INPUT), ("own", own, zrr, ZRR_INPUT)):
        train(recipe, TrainOptions(data=folder, run=tmp_path / name, workers=0, steps=1), lambda _: None)
        info, _ = read_tensors(tmp_path / name / f"{recipe.name}.safetensors", CheckpointInfo)
        assert info.input == contract


def test_the_ablation_leaves_one_thing_out_at_a_time() -> None:
    recipe = replace(RECIPE, distillation=DistillationRecipe(features=0.1))
    complete, *others = variants(recipe)
    assert complete.recipe == recipe
    for other in others:
        changed = [
            key for key in ("distillation", "without") if getattr(other.recipe, key) != getattr(complete.recipe, key)
        ]
        assert len(changed) == 1, other.name
    assert len({other.name for other in others}) == 4


def test_an_ablation_trains_all_and_goes_on_where_it_stopped(data: Path, tmp_path: Path) -> None:
    teacher = replace(RECIPE, name="teacher", teacher=TeacherRecipe(width=8))
    train(teacher, TrainOptions(data=data, run=tmp_path / "teacher", workers=0, steps=1), lambda _: None)
    recipe = _short(replace(RECIPE, distillation=DistillationRecipe(features=0.1, perceptual=0.1)))
    options = TrainOptions(
        data=data, run=tmp_path / "study", teacher=tmp_path / "teacher" / "teacher.safetensors", workers=0
    )
    first = ablate(recipe, options, (1, 2), lambda _: None)
    said: list[str] = []
    assert ablate(recipe, options, (1, 2), said.append) == first
    assert sum("resumed" in text for text in said) == 10
    assert len({result.psnr_db["iso100"] for result in first}) == 5
    assert {len(result.psnr_db["iso100"]) for result in first} == {2}


def _short(recipe: TrainRecipe) -> TrainRecipe:
    return replace(recipe, optimizer=replace(recipe.optimizer, steps=2))


def test_the_table_compares_seed_by_seed() -> None:
    complete = VariantScores("complete", 10, {"iso100": (30.0, 32.0), "iso800": (28.0, 30.0)})
    other = VariantScores("other", 9, {"iso100": (29.0, 32.5), "iso800": (27.0, 30.5)})
    assert other.means_db() == (28.0, 31.5)
    lines = table((complete, other))
    assert lines[1].split() == ["complete", "10", "31.00", "29.00", "30.00"]
    assert lines[2].split() == ["other", "9", "30.75", "28.75", "29.75", "-0.25", "-1.00", "+0.50"]


def test_a_sheet_shows_the_same_crops_of_every_rendering(tmp_path: Path) -> None:
    rgb = np.zeros((700, 900, 3), np.float32)
    rgb[400:700, 500:900] = np.random.default_rng(0).random((300, 400, 3), dtype=np.float32)
    assert busiest(rgb, 1)[0] == (320, 480)
    one = block((Rendering("ours", rgb), Rendering("theirs", rgb)))
    left, right = np.hsplit(one, 2)
    assert np.array_equal(left[16:], right[16:]), "only the labels differ"
    assert not np.array_equal(left[:16], right[:16])
    write_sheet(tmp_path / "sheet.png", [one, one[:-5]])
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size[1] == one.shape[0]
        assert image.size[0] >= 2 * one.shape[1] > 4 * CROP_PX
