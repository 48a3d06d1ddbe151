"""SIDD in its published layouts, and wrong layouts named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.training.pairs.sidd import open_sidd
from lwisp_mobile.errors import UsageError
from tests.export.pair_files import (
    MEDIUM,
    SMALL,
    write_sidd,
)


@pytest.mark.parametrize(("scenes", "count"), [(MEDIUM, 4), (SMALL, 2)], ids=["medium", "small"])
def test_sidd_is_read_as_published(tmp_path: Path, scenes: dict[str, tuple[str, ...]], count: int) -> None:
    pairs = open_sidd(write_sidd(tmp_path, scenes))
    assert len(pairs) == count
    assert {files.name[:8] for files in pairs.training} == {"0001_001", "0036_002"}
    assert {files.name[:8] for files in pairs.validation} == {"0199_010"}
    assert {files.kind for files in pairs.training} == {"iso100", "iso6400"}
    (crop,) = pairs.crops(0, 96, 1, np.random.default_rng(0))
    assert 0.01 < np.abs(crop.planes - crop.truth).mean() < 0.03


def test_sidd_can_hold_out_other_scenes(sidd: Path) -> None:
    assert {files.name[5:8] for files in open_sidd(sidd, held_out=["001", "002"]).training} == {"010"}
    with pytest.raises(UsageError, match="holds scenes 001, 002, 010, of which 005 are held out: one side is empty"):
        open_sidd(sidd, held_out=["005"])


def _strange_scene(folder: Path) -> None:
    (folder / "Data" / "crops").mkdir()


def _noisy_without_truth(folder: Path) -> None:
    (folder / "Data" / next(iter(MEDIUM)) / "0001_GT_SRGB_011.PNG").unlink()


def _no_pictures(folder: Path) -> None:
    for path in (folder / "Data" / next(iter(MEDIUM))).iterdir():
        path.rename(path.with_suffix(".MAT"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_strange_scene, r"Data/crops: the name isn't a scene's\. SIDD"),
        (_noisy_without_truth, r"0001_001_S6_00100_00060_3200_L: NOISY_SRGB without GT_SRGB: 011\."),
        (_no_pictures, r"3200_L: there are no NOISY_SRGB and GT_SRGB pictures\. SIDD"),
    ],
)
def test_a_wrong_sidd_is_named(sidd: Path, tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = tmp_path / "sidd"
    shutil.copytree(sidd, folder)
    damage(folder)
    with pytest.raises(UsageError, match=message):
        open_sidd(folder)


def test_the_folder_above_data_is_needed(sidd: Path) -> None:
    with pytest.raises(UsageError, match=r"Data/Data: the folder can't be read .*give the folder that holds Data"):
        open_sidd(sidd / "Data")


def test_other_files_beside_the_pictures_are_ignored(sidd: Path, tmp_path: Path) -> None:
    """Metadata and RAW come in the same folders where the whole dataset was downloaded."""
    folder = tmp_path / "sidd"
    shutil.copytree(sidd, folder)
    scene = folder / "Data" / next(iter(MEDIUM))
    for name in ("0001_METADATA_RAW_010.MAT", "0001_NOISY_RAW_010.MAT", ".DS_Store"):
        (scene / name).write_bytes(b"")
    (folder / "Data" / ".DS_Store").write_bytes(b"")
    assert len(open_sidd(folder)) == len(open_sidd(sidd)) == 4
