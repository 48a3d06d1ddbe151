"""Colour is moved to the reference camera: by each quad's own colour, or by smoothed differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile.preprocess.color import (
    ColorMove,
    color_differences,
    shift_by_differences,
    shift_on_quads,
    smooth,
    to_reference,
)
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.color import unit_rows

REFERENCE = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.5), (-0.04, -0.66, 1.7))
CAMERA = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
MATRIX = to_reference(CAMERA, REFERENCE)
BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


def planes(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).random((4, height, width)).astype(np.float32)


def whole(light: np.ndarray) -> Window:
    return Window(slice(0, light.shape[1]), slice(0, light.shape[2]))


def quad_colors(light: np.ndarray) -> np.ndarray:
    return np.stack([light[0], light[1:3].mean(axis=0), light[3]], axis=-1)


def test_reference_camera_needs_no_move() -> None:
    assert to_reference(REFERENCE, REFERENCE) == pytest.approx(np.eye(3), abs=1e-6)
    assert np.array_equal(to_reference(None, REFERENCE), np.eye(3))


def test_move_to_reference_gives_the_same_srgb() -> None:
    color = np.array([0.2, 0.5, 0.3])
    assert unit_rows(np.array(REFERENCE)) @ MATRIX @ color == pytest.approx(
        unit_rows(np.array(CAMERA)) @ color, abs=1e-6
    )


def test_quads_move_like_their_mean_and_keep_the_green_difference() -> None:
    light = planes(0, 3, 5)
    moved = shift_on_quads(light, MATRIX)
    assert quad_colors(moved) == pytest.approx(quad_colors(light) @ MATRIX.T, abs=1e-5)
    assert moved[1] - moved[2] == pytest.approx(light[1] - light[2], abs=1e-6)
    assert moved.dtype == np.float32


@pytest.mark.parametrize("smoothed", [False, True])
def test_identity_changes_nothing(smoothed: bool) -> None:
    light = planes(1, 6, 6)
    moved = ColorMove(np.eye(3, dtype=np.float32), smoothed).apply(light.copy(), whole(light))
    assert moved == pytest.approx(light, abs=1e-7)


def test_unsmoothed_differences_move_as_the_matrix_does() -> None:
    light = planes(2, 4, 7)
    moved = shift_by_differences(light.copy(), color_differences(light), MATRIX)
    assert moved == pytest.approx(shift_on_quads(light, MATRIX), abs=1e-6)


def test_smoothing_is_the_binomial_kernel() -> None:
    values = np.random.default_rng(3).random((1, 7, 9)).astype(np.float32)
    slow = [[(values[0, y : y + 5, x : x + 5] * BINOMIAL).sum() for x in range(5)] for y in range(3)]
    assert smooth(values)[0] == pytest.approx(np.array(slow), rel=1e-5)


def test_smoothed_shift_moves_an_even_colour_exactly_and_keeps_detail() -> None:
    """Detail that is equal in all planes stays as it is: it isn't colour."""
    color = np.array([0.4, 0.2, 0.2, 0.1], np.float32)[:, None, None]
    detail = np.random.default_rng(4).uniform(-0.1, 0.1, (1, 9, 8)).astype(np.float32)
    light = color + detail
    moved = ColorMove(MATRIX, smoothed=True).apply(light.copy(), whole(light))
    red, green, blue = MATRIX @ np.array([0.4, 0.2, 0.1], np.float32)
    assert moved - detail == pytest.approx(
        np.broadcast_to(np.array([red, green, green, blue])[:, None, None], (4, 9, 8)), abs=1e-6
    )


@given(st.integers(0, 11), st.integers(0, 11), st.integers(1, 9), st.integers(1, 9))
def test_any_window_equals_the_whole(top: int, left: int, height: int, width: int) -> None:
    light = planes(5, 20, 20)
    move = ColorMove(MATRIX, smoothed=True)
    window = Window(slice(top, top + height), slice(left, left + width))
    outer = window.widened(move.reach_px, (20, 20))
    part = move.apply(light[:, outer.rows, outer.columns].copy(), window.within(outer))
    assert np.array_equal(part, move.apply(light.copy(), whole(light))[:, window.rows, window.columns])
