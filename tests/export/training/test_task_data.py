"""Each task trains on its own data, and its checkpoint records the input contract."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_export.student.checkpoint import CheckpointInfo, read_tensors
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.training.pairs.zrr import ZRR_INPUT
from lwisp_export.training.training_recipe import DataRecipe
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
def test_sub_tasks_train_on_synthetic_pairs_and_report_the_inputs_own_score(
    data: Path, tmp_path: Path, task: str
) -> None:
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


def test_a_checkpoint_records_its_input_contract(data: Path, tmp_path: Path) -> None:
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
