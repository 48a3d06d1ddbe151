"""Fixtures for the training tests."""

from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_export.training.training_recipe import TeacherRecipe
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_mobile.progress import silent
from tests.export.training_data import RECIPE


@pytest.fixture(scope="session")
def teacher(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher's file from a short run of the trainer itself."""
    folder = tmp_path_factory.mktemp("teacher")
    recipe = replace(RECIPE, name="teacher", teacher=TeacherRecipe(width=8))
    result = train(recipe, TrainOptions(data=data, run=folder, workers=0), silent)
    assert result.psnr_db.keys() == {"clean", "corrupted"}
    return folder / "teacher.safetensors"
