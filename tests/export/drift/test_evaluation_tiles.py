"""Evaluation tiles: their ground truth lies where they were cut, and camera files have none."""

from pathlib import Path

import numpy as np
import pytest

from lwisp_export.drift.evaluation_tiles import camera_tiles, evaluation_tiles
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile import read_raw
from lwisp_mobile.errors import UsageError


def test_the_ground_truth_is_cut_where_the_tile_is() -> None:
    for tile in [tile for tile in evaluation_tiles(STUDENT_INPUT, 64) if tile.exposure_ev == 0][-2:]:
        assert tile.ground_truth is not None
        assert tile.ground_truth.shape == (128, 128, 3)
        # The exposure is 0 EV, so the green planes follow the truth's green.
        green = tile.packed[..., 1:3].mean(axis=-1)
        truth = tile.ground_truth[..., 1].reshape(64, 2, 64, 2).mean(axis=(1, 3))
        assert np.corrcoef(green.ravel(), truth.ravel())[0, 1] > 0.95


def test_camera_tiles_know_their_iso_and_no_truth(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.dng")
    frame = NamedRaw("a", read_raw(tmp_path / "a.dng"))
    tiles = camera_tiles([frame], STUDENT_INPUT)
    assert len(tiles) == 4
    assert {(tile.iso, tile.exposure_ev, tile.ground_truth) for tile in tiles} == {(200.0, None, None)}
    with pytest.raises(UsageError, match="smaller than a tile of 1024x1024 px"):
        camera_tiles([frame], STUDENT_INPUT, 512)
