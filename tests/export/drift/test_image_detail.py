"""Figures of one image: banding, clipping and hue."""

import numpy as np
import pytest

from lwisp_export.drift.evaluation_tiles import EvaluationTile
from lwisp_export.drift.image_detail import SHADOW, hue_shift_degrees, measure_image

TILE = EvaluationTile("t", np.zeros((32, 32, 4), np.float32))


def ramp() -> np.ndarray:
    """Grey from black to white; (64, 64, 3)."""
    return np.repeat(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64, 1), 3, axis=2)


def test_banding_shows_as_missing_levels_in_the_shadows() -> None:
    found = measure_image(TILE, ramp(), np.rint(ramp() * 64).astype(np.float32) / 64).shadow
    assert found.float_levels == 3 * 26  # levels 0 to 25 lie below SHADOW
    assert found.int8_levels == 3 * 7
    assert found.share == pytest.approx(SHADOW, abs=0.001)


def test_clipping_that_differs_is_counted() -> None:
    found = measure_image(TILE, ramp(), np.minimum(ramp() * 1.25, 1)).highlights
    assert found.int8_clipped == pytest.approx(0.2, abs=0.01)
    assert found.differing == pytest.approx(found.int8_clipped - found.float_clipped)


def test_hue_shifts_are_measured_where_there_is_colour() -> None:
    red, grey = np.full((16, 16, 3), (0.8, 0.2, 0.2), np.float32), np.full((16, 16, 3), 0.5, np.float32)
    turned = np.full((16, 16, 3), (0.8, 0.25, 0.2), np.float32)
    assert hue_shift_degrees(grey, grey) is None
    assert hue_shift_degrees(red, red) == 0
    shift = hue_shift_degrees(turned, red)
    assert shift == pytest.approx(hue_shift_degrees(red, turned))
    assert shift == hue_shift_degrees(np.hstack([turned, grey]), np.hstack([red, grey]))
    assert shift is not None
    assert 2 < shift < 10
