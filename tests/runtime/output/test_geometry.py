"""Geometry of developed pictures: known distortions, crops, and their order."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from lwisp_mobile.output.geometry import cut, finish, finishing_bytes, undistort
from lwisp_mobile.raw.corrections import Crop, WarpRectilinear
from lwisp_mobile.raw.image import RawImage

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
HEIGHT, WIDTH = 60, 80
RAW = RawImage(np.zeros((HEIGHT, WIDTH), np.uint16), "RGGB", (0.0,) * 4, 100.0, (2.0, 1.0, 1.5), None)


def ramps(dtype: type = np.float32) -> np.ndarray:
    """A picture that is its own map: red is the row, green the column, blue their sum."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    return np.stack([rows, columns, rows + columns], -1).astype(dtype)


def expected(coefficients: tuple[float, ...], center: tuple[float, float]) -> np.ndarray:
    """Rows and columns that pixels come from, by the specification's formula, pixel by pixel."""
    kr0, kr1, kr2, kr3, kt0, kt1 = coefficients
    cx, cy = center[0] * WIDTH, center[1] * HEIGHT
    farthest = max(np.hypot(x - cx, y - cy) for x in (0, WIDTH) for y in (0, HEIGHT))
    found = np.empty((HEIGHT, WIDTH, 2))
    for row in range(HEIGHT):
        for column in range(WIDTH):
            dx, dy = (column + 0.5 - cx) / farthest, (row + 0.5 - cy) / farthest
            r2 = dx**2 + dy**2
            f = kr0 + kr1 * r2 + kr2 * r2**2 + kr3 * r2**3
            x = dx * f + kt0 * 2 * dx * dy + kt1 * (r2 + 2 * dx**2)
            y = dy * f + kt1 * 2 * dx * dy + kt0 * (r2 + 2 * dy**2)
            found[row, column] = cy + farthest * y - 0.5, cx + farthest * x - 0.5
    return np.clip(found, 0, (HEIGHT - 1, WIDTH - 1))


@pytest.mark.parametrize(
    ("coefficients", "center"),
    [
        ((1.0, -0.1, 0.0, 0.0, 0.0, 0.0), (0.5, 0.5)),
        ((1.02, 0.05, -0.03, 0.01, 0.0, 0.0), (0.45, 0.6)),
        ((1.0, 0.0, 0.0, 0.0, 0.02, -0.03), (0.5, 0.5)),
    ],
)
def test_pixels_come_from_where_the_file_says(coefficients: tuple[float, ...], center: tuple[float, float]) -> None:
    warp = WarpRectilinear((coefficients,), *center)
    assert undistort(ramps(), warp)[..., :2] == pytest.approx(expected(coefficients, center), abs=1e-3)


def test_colors_move_each_on_its_own() -> None:
    red, blue = (1.01, 0.0, 0.0, 0.0, 0.0, 0.0), (0.99, 0.0, 0.0, 0.0, 0.0, 0.0)
    moved = undistort(ramps(), WarpRectilinear((red, IDENTITY, blue), 0.5, 0.5))
    assert moved[..., 0] == pytest.approx(expected(red, (0.5, 0.5))[..., 0], abs=1e-3)
    assert np.array_equal(moved[..., 1], ramps()[..., 1])
    assert moved[..., 2] == pytest.approx(expected(blue, (0.5, 0.5)).sum(axis=-1), abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_whole_numbers_are_rounded(dtype: type) -> None:
    warp = WarpRectilinear(((1.0, -0.1, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5)
    moved = undistort(ramps(dtype), warp)
    assert moved.dtype == dtype
    assert np.abs(moved.astype(float) - undistort(ramps(), warp)).max() <= 0.5


def test_strips_are_one_picture() -> None:
    """More pixels than are moved at a time, in a picture that varies by row alone."""
    tall = np.repeat(np.arange(20_000, dtype=np.float32), 30).reshape(20_000, 10, 3)
    moved = undistort(tall, WarpRectilinear(((0.5, 0.0, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5))
    assert moved[:, 0, 0] == pytest.approx(9999.5 + (np.arange(20_000) - 9999.5) / 2, abs=0.01)


def test_nothing_to_move_is_no_copy() -> None:
    picture, raw = ramps(), replace(RAW, warp=(WarpRectilinear((IDENTITY,) * 3, 0.5, 0.5),))
    assert finish(picture, raw) is picture
    assert finishing_bytes(raw, 4) == 0


@pytest.mark.parametrize("warps", [1, 2, 3])
@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_finishing_takes_what_it_is_said_to(dtype: type, planes: int, warps: int) -> None:
    """However many corrections a file asks for, there is one picture beside the developed one."""
    warp = WarpRectilinear(((1.0, -0.1, 0.0, 0.0, 0.01, 0.0),) * planes, 0.5, 0.5)
    raw = replace(RAW, mosaic=np.zeros((1000, 1500), np.uint16), warp=(warp,) * warps, orientation=6)
    picture = np.zeros((1000, 1500, 3), dtype)
    tracemalloc.start()
    try:
        finish(picture, raw)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    counted = finishing_bytes(raw, picture.itemsize)
    assert 0.7 * counted < taken <= counted
    assert finishing_bytes(raw, picture.itemsize, distortion=False) == 0


def test_corrections_follow_one_another() -> None:
    first, second = (WarpRectilinear(((scale, 0.0, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5) for scale in (0.9, 0.8))
    found = finish(ramps(), replace(RAW, warp=(first, second)))
    assert np.array_equal(found, undistort(undistort(ramps(), first), second))


def test_cut() -> None:
    assert np.array_equal(cut(ramps(), Crop(10, 20, 30, 40)), ramps()[10:40, 20:60])
    picture = ramps()
    assert cut(picture, None) is picture


def test_order_of_steps() -> None:
    """Distortion is undone on all of the mosaic, the crop counts its rows, and both before it's turned."""
    warp = WarpRectilinear(((1.0, -0.1, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5)
    raw = replace(RAW, warp=(warp,), crop=Crop(10, 20, 30, 40), orientation=6)
    upright = undistort(ramps(), warp)[10:40, 20:60][::-1].swapaxes(0, 1)
    assert np.array_equal(finish(ramps(), raw), upright)
    plain = ramps()[10:40, 20:60][::-1].swapaxes(0, 1)
    assert np.array_equal(finish(ramps(), raw, distortion=False), plain)
