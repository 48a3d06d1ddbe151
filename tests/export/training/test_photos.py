"""Photographs: training and validation kept apart, and bad ones named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.training.photos import load_photos
from lwisp_mobile.errors import UsageError
from tests.export.training_data import RECIPE, write_data


def test_validation_photographs_are_never_trained_on(data: Path) -> None:
    photos = load_photos(data, RECIPE.data)
    assert (len(photos.training), len(photos.validation)) == (3, 1)
    assert not any(np.array_equal(photos.validation[0], picture) for picture in photos.training)


def test_held_out_photographs_are_neither_trained_nor_validated_on(data: Path) -> None:
    photos = load_photos(data, replace(RECIPE.data, held_out=("photos/0.png", "photos/1.png")))
    assert (len(photos.training), len(photos.validation)) == (1, 1)


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
