"""Shading gains equal the specification's formulas, written out slowly, for any map, area, pitch and window."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile.preprocess.shading import LensShading
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.cfa import CFA_ORDERS, aligned_indices
from lwisp_mobile.raw.corrections import GainMap, VignetteRadial
from lwisp_mobile.raw.image import RawImage


def frame(height: int, width: int, cfa: str = "RGGB", **facts: object) -> RawImage:
    mosaic = np.zeros((height, width), np.uint16)
    return RawImage(mosaic, cfa, (0.0,) * 4, 1023.0, (1.9, 1.0, 1.6), None, **facts)


def gain_map(points: np.ndarray, area: tuple[int, int, int, int], pitch: tuple[int, int] = (1, 1)) -> GainMap:
    rows, columns = points.shape
    return GainMap(
        *area,
        *pitch,
        0.1,
        -0.05,
        0.8 / max(rows - 1, 1),
        1.1 / max(columns - 1, 1),
        points[..., None].astype(np.float32),
    )


def gains_over_mosaic(raw: RawImage) -> np.ndarray:
    """The product over the mosaic's own sites, put back from the packed planes."""
    rows, columns = aligned_indices(raw.mosaic.shape, raw.cfa, 4)
    shape = len(rows), len(columns)
    planes = LensShading(raw, rows, columns).over(Window(slice(0, shape[0] // 2), slice(0, shape[1] // 2)))
    gains = np.empty(raw.mosaic.shape)
    for row in range(shape[0]):
        for column in range(shape[1]):
            gains[rows[row], columns[column]] = planes[row % 2 * 2 + column % 2, row // 2, column // 2]
    return gains


def slow_gain(gain_map: GainMap, size: tuple[int, int], row: int, column: int) -> float:
    """DNG specification 1.7.1, opcode 9, for one site."""
    m, points = gain_map, gain_map.gains[..., 0].astype(np.float64)
    inside = m.top <= row < m.bottom and m.left <= column < m.right
    if not inside or (row - m.top) % m.row_pitch or (column - m.left) % m.col_pitch:
        return 1.0
    y, x = ((i + 0.5) / side for i, side in zip((row, column), size))
    lines = [np.interp(x, m.col_origin + m.col_spacing * np.arange(points.shape[1]), line) for line in points]
    return float(np.interp(y, m.row_origin + m.row_spacing * np.arange(points.shape[0]), lines))


def expected(raw: RawImage, gain: Callable[[int, int], float]) -> np.ndarray:
    height, width = raw.mosaic.shape
    return np.array([[gain(row, column) for column in range(width)] for row in range(height)])


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (1, 1), (1, 4), (6, 1)])
@pytest.mark.parametrize("area", [((0, 0, 10, 13), (1, 1)), ((1, 2, 9, 12), (2, 2)), ((3, 0, 20, 7), (3, 1))])
def test_a_map_is_interpolated_bilinearly(
    shape: tuple[int, int], area: tuple[tuple[int, ...], tuple[int, int]]
) -> None:
    made = gain_map(np.random.default_rng(shape).uniform(0.5, 4, shape), *area)
    raw = frame(10, 13, gain_maps=(made,))
    slow = expected(raw, lambda row, column: slow_gain(made, raw.mosaic.shape, row, column))
    assert gains_over_mosaic(raw) == pytest.approx(slow, rel=1e-5)


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_one_map_per_site_reaches_its_own_site_in_any_filter_order(cfa: str) -> None:
    maps = tuple(
        replace(gain_map(np.full((2, 2), 1 + site), (0, 0, 7, 9), (2, 2)), top=site // 2, left=site % 2)
        for site in range(4)
    )
    gains = gains_over_mosaic(frame(7, 9, cfa, gain_maps=maps))
    assert gains == pytest.approx(np.tile([[1, 2], [3, 4]], (4, 5))[:7, :9])


def test_maps_and_vignette_are_multiplied() -> None:
    first = gain_map(np.array([[1.0, 2.0], [3.0, 4.0]]), (0, 0, 8, 8))
    second = gain_map(np.array([[1.5]]), (0, 0, 8, 4))
    vignette = VignetteRadial((0.3, -0.1, 0.05, 0.02, -0.01), 0.4, 0.7)
    raw = frame(8, 8, gain_maps=(first, second), vignette=(vignette,))

    def slow(row: int, column: int) -> float:
        farthest = (0.6 * 8) ** 2 + (0.7 * 8) ** 2
        square = ((row + 0.5 - 5.6) ** 2 + (column + 0.5 - 3.2) ** 2) / farthest
        radial = 1 + sum(k * square**power for power, k in enumerate(vignette.coefficients, start=1))
        return slow_gain(first, (8, 8), row, column) * slow_gain(second, (8, 8), row, column) * radial

    assert gains_over_mosaic(raw) == pytest.approx(expected(raw, slow), rel=1e-5)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 10), st.integers(1, 10))
def test_any_window_equals_the_whole(top: int, left: int, height: int, width: int) -> None:
    made = gain_map(np.random.default_rng(3).uniform(1, 3, (7, 5)), (5, 3, 70, 66), (2, 1))
    raw = frame(80, 80, "GBRG", gain_maps=(made,), vignette=(VignetteRadial((0.5, 0, 0, 0, 0), 0.5, 0.5),))
    shading = LensShading(raw, *aligned_indices(raw.mosaic.shape, raw.cfa, 2))
    window = Window(slice(top, top + height), slice(left, left + width))
    all_of_it = shading.over(Window(slice(0, 41), slice(0, 40)))
    assert np.array_equal(shading.over(window), all_of_it[:, window.rows, window.columns])
