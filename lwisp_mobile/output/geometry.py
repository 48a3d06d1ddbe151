"""Geometry of a developed mosaic: distortion undone, the picture cut out of it, turned upright. In this order."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.output.picture import orient
from lwisp_mobile.raw.corrections import Crop, WarpRectilinear
from lwisp_mobile.raw.image import RawImage

T = TypeVar("T", bound=np.generic)

STRIP_PX = 1 << 17
"""Pixels moved at a time."""
STRIP_BYTES_PER_PX = 115
"""What is computed for each of them takes."""
IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def finish(rgb: NDArray[T], raw: RawImage, *, distortion: bool = True) -> NDArray[T]:
    """The picture out of a developed mosaic. rgb: (H, W, 3), H and W as the mosaic's.

    distortion: undo what the file says of the lens's. Returns (H', W', 3), a view where no pixel is moved. `rgb` isn't
    kept: where a file asks for several corrections, it takes the second one's result.
    """
    spare = None
    for warp in _moving(raw) if distortion else ():
        rgb, spare = undistort(rgb, warp, out=spare), rgb
    return orient(cut(rgb, raw.crop), raw.orientation)


def finishing_bytes(raw: RawImage, value_bytes: int, *, distortion: bool = True) -> int:
    """What `finish` takes at most beside the developed mosaic. value_bytes: of one of its values."""
    if not distortion or not _moving(raw):
        return 0
    return 3 * value_bytes * raw.height_px * raw.width_px + STRIP_PX * STRIP_BYTES_PER_PX


def is_moved(raw: RawImage) -> bool:
    """Whether `finish` returns a part of the developed mosaic or turns it, and so no C-contiguous array."""
    return raw.crop is not None or raw.orientation != 1


def cut(rgb: NDArray[T], crop: Crop | None) -> NDArray[T]:
    """The part of a picture that is within the crop, a view; all of it if there's none. rgb: (H, W, 3)."""
    return rgb if crop is None else rgb[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]


def undistort(rgb: NDArray[T], warp: WarpRectilinear, *, out: NDArray[T] | None = None) -> NDArray[T]:
    """Undo distortion, lateral colour and decentring, interpolated bilinearly; beyond the border, its nearest pixel.

    rgb: (H, W, 3), any real type. out: another array of the same shape and type for the result; None: a new one.
    Returns it.
    """
    height, width, _ = rgb.shape
    moved = np.empty_like(rgb) if out is None else out
    strip = max(1, STRIP_PX // width)
    for top in range(0, height, strip):
        rows = slice(top, min(top + strip, height))
        for index, coefficients in enumerate(warp.coefficients):
            # One row of coefficients is for all three colours.
            colors = slice(None) if len(warp.coefficients) == 1 else slice(index, index + 1)
            y, x = _sources(coefficients, (warp.center_y, warp.center_x), (height, width), rows)
            moved[rows, :, colors] = _interpolate(rgb[..., colors], y, x)
    return moved


def _moving(raw: RawImage) -> list[WarpRectilinear]:
    """The file's corrections that move any pixel."""
    return [warp for warp in raw.warp if any(row != IDENTITY for row in warp.coefficients)]


def _sources(
    coefficients: tuple[float, ...], center: tuple[float, float], size: tuple[int, int], rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column, each (rows, W) float64, that the pixels of some rows are taken from."""
    kr0, kr1, kr2, kr3, kt0, kt1 = coefficients
    (height, width), center_y, center_x = size, center[0] * size[0] - 0.5, center[1] * size[1] - 0.5
    farthest = np.hypot(max(center_y + 0.5, height - center_y - 0.5), max(center_x + 0.5, width - center_x - 0.5))
    dy = (np.arange(rows.start, rows.stop)[:, None] - center_y) / farthest
    dx = (np.arange(width)[None, :] - center_x) / farthest
    square = np.minimum(dy * dy + dx * dx, 1)
    radial = kr0 + square * (kr1 + square * (kr2 + square * kr3))
    y = dy * radial + kt1 * 2 * dx * dy + kt0 * (square + 2 * dy * dy)
    x = dx * radial + kt0 * 2 * dx * dy + kt1 * (square + 2 * dx * dx)
    return center_y + farthest * y, center_x + farthest * x


def _interpolate(rgb: NDArray[T], y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[T]:
    """Bilinear values at rows y and columns x, each (h, w). rgb: (H, W, C). Returns (h, w, C), rounded for integers."""
    height, width, _ = rgb.shape
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    top, left = np.minimum(y.astype(np.intp), height - 2), np.minimum(x.astype(np.intp), width - 2)
    down, right = ((part - whole)[..., None].astype(np.float32) for part, whole in ((y, top), (x, left)))
    above, below = (rgb[row, left] * (1 - right) + rgb[row, left + 1] * right for row in (top, top + 1))
    values = above * (1 - down) + below * down
    return np.asarray(np.rint(values) if np.issubdtype(rgb.dtype, np.integer) else values).astype(rgb.dtype)
