"""The picture strip: a row per validation beneath the truth."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from lwisp_export.training.picture_strip import TILE_PX, Strip
from lwisp_export.training.validation import ValidationPair


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
