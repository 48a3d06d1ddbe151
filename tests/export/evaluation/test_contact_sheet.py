"""The contact sheet."""

from pathlib import Path

import numpy as np
from PIL import Image

from lwisp_export.evaluation.contact_sheet import CROP_PX, Rendering, block, busiest, write_sheet


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
