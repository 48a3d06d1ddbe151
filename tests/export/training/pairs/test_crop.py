"""Crops stay in phase with the colour filters and inside the picture."""

import numpy as np
import pytest

from lwisp_export.synthesis.mosaic import sample_cfa
from lwisp_export.training.pairs.crop import MAX_WHOLE_PX, Crop, central_crop, random_crop
from lwisp_mobile.errors import UsageError
from tests.export.pair_files import picture


def test_crops_of_mosaics_stay_rggb_in_every_orientation() -> None:
    rgb = picture(0, 49, 62).astype(np.float32)
    mosaic = sample_cfa(rgb, "RGGB")
    rng = np.random.default_rng(0)
    cuts = [random_crop(rgb.shape, 32, 2, rng) for _ in range(1000)]
    assert all(np.array_equal(cut.of(mosaic), sample_cfa(cut.of(rgb), "RGGB")) for cut in cuts)
    assert len({(cut.flip_rows, cut.flip_columns, cut.transpose) for cut in cuts}) == 8
    assert {cut.top_px for cut in cuts} == set(range(18))
    assert {cut.left_px for cut in cuts} == set(range(31))


@pytest.mark.parametrize("cell_px", [1, 2])
def test_crops_reach_every_edge_and_no_further(cell_px: int) -> None:
    shape = (31 + cell_px, 31 + cell_px)
    cuts = [random_crop(shape, 32, cell_px, np.random.default_rng(seed)) for seed in range(20)]
    assert all(cut.of(np.zeros(shape)).shape == (32, 32) for cut in cuts)
    with pytest.raises(UsageError, match=rf"32 px need {31 + cell_px}x{31 + cell_px}\. Lower patch_px"):
        random_crop((30 + cell_px, 99), 32, cell_px, np.random.default_rng(0))


def test_central_crops_are_even_and_bounded() -> None:
    assert central_crop((3000, 5328, 3), 16) == Crop(988, 2152, MAX_WHOLE_PX, MAX_WHOLE_PX)
    assert central_crop((400, 600), 16) == Crop(0, 4, 400, 592)
    with pytest.raises(UsageError, match="at least 32x32 are needed"):
        central_crop((31, 99), 32)
