"""LoL in its published layout, and wrong layouts named."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.training.pairs.lol import open_lol
from lwisp_mobile.errors import UsageError


def test_lol_is_read_as_published(lol: Path) -> None:
    pairs = open_lol(lol)
    assert [files.name for files in pairs.training] == ["our485/2", "our485/5", "our485/100"]
    (crop,) = pairs.crops(1, 96, 1, np.random.default_rng(0))
    assert np.array_equal(np.rint(crop.planes * 255), np.rint(crop.truth * 255) // 8)


def test_wrong_lol_layouts_are_named(lol: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"our485/low: the folder can't be read .*LoL holds .*give the folder"):
        open_lol(lol / "our485")
    folder = tmp_path / "lol"
    shutil.copytree(lol, folder)
    (folder / "our485/high/5.png").rename(folder / "our485/high/6.png")
    with pytest.raises(UsageError, match=r"our485: low without high: 5; high without low: 6\."):
        open_lol(folder)
