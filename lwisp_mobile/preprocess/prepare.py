"""The one pre-processing: a RawImage to the packed planes a student eats.

Training, calibration, benchmarks and `develop` all call it; the Kotlin core is checked against it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.levels import curve, normalise
from lwisp_mobile.raw.cfa import aligned_indices, cfa_offset_px, site_order
from lwisp_mobile.raw.color import move_color, scale_gains, to_reference
from lwisp_mobile.raw.image import Gains, RawImage

STRIP_PX = 1 << 15
"""Packed pixels worked on at a time, so that what is between two steps stays in the processor's caches."""


@dataclass(frozen=True)
class Packed:
    """Packed planes and where the mosaic lies in them."""

    planes: NDArray[np.float32]
    """(h, w, 4) float32 in [0, 1], order R, Gr, Gb, B, sides multiples of the contract's."""
    top_px: int
    """Rows of the full-size picture before the mosaic's first row."""
    left_px: int
    """Columns of the full-size picture before the mosaic's first column."""
    height_px: int
    """Rows of the mosaic."""
    width_px: int
    """Columns of the mosaic."""


def prepare(raw: RawImage, contract: InputContract, *, exposure_ev: float = 0.0) -> Packed:
    """Turn a RAW mosaic into the planes a student eats, step by step as its contract says.

    exposure_ev: digital exposure in stops, applied to linear light before white is clipped.
    """
    preparation = Preparation(raw, contract, exposure_ev=exposure_ev)
    planes = np.empty((preparation.height_px, preparation.width_px, 4), np.float32)
    preparation.fill(planes)
    top, left = cfa_offset_px(raw.cfa)
    return Packed(planes, top, left, raw.height_px, raw.width_px)


class Preparation:
    """`prepare` for any part of a frame: the same numbers as in the whole, without the rest."""

    def __init__(self, raw: RawImage, contract: InputContract, *, exposure_ev: float = 0.0) -> None:
        """As `prepare`; nothing is computed yet."""
        self._mosaic, self._offset = raw.mosaic, contract.curve_offset
        self._rows, self._columns = aligned_indices(raw.mosaic.shape, raw.cfa, 2 * contract.size_multiple)
        self._black = plane_levels(raw, contract)
        gains = scale_gains(raw.wb_gains) if contract.white_balance else (1.0, 1.0, 1.0)
        self._gains = plane_gains(raw, self._black, gains, exposure_ev)
        reference = contract.reference_to_srgb
        self._matrix = None if reference is None else to_reference(raw.camera_to_srgb, reference)

    @property
    def height_px(self) -> int:
        """Rows of the packed planes."""
        return len(self._rows) // 2

    @property
    def width_px(self) -> int:
        """Columns of the packed planes."""
        return len(self._columns) // 2

    def fill(
        self,
        out: NDArray[Any],
        top_px: int = 0,
        left_px: int = 0,
        encode: Callable[[NDArray[np.float32]], NDArray[Any]] | None = None,
    ) -> None:
        """Fill `out`, (h, w, 4), with the part of the planes that begins at a packed row and column.

        encode: turns values in [0, 1] into the type of `out`, element by element; None: they're stored as float32.
        """
        height, width, _ = out.shape
        strip = max(1, STRIP_PX // width)
        for start in range(0, height, strip):
            stop = min(start + strip, height)
            quad = self._quad(slice(top_px + start, top_px + stop), slice(left_px, left_px + width))
            for index, plane in enumerate(quad):
                out[start:stop, :, index] = plane if encode is None else encode(plane)

    def _quad(self, rows: slice, columns: slice) -> tuple[NDArray[np.float32], ...]:
        """The four planes of a part of the frame, each float32 in [0, 1]."""
        mosaic = _take(self._mosaic, self._rows[2 * rows.start : 2 * rows.stop], 0)
        mosaic = _take(mosaic, self._columns[2 * columns.start : 2 * columns.stop], 1)
        sites = (mosaic[0::2, 0::2], mosaic[0::2, 1::2], mosaic[1::2, 0::2], mosaic[1::2, 1::2])
        red, green_r, green_b, blue = (normalise(*step) for step in zip(sites, self._black, self._gains))
        quad = red, green_r, green_b, blue
        if self._matrix is not None:
            quad = move_color(quad, self._matrix)
        return tuple(curve(plane, self._offset) for plane in quad)


def plane_levels(raw: RawImage, contract: InputContract) -> NDArray[np.float32]:
    """Black levels in the order of the packed planes; (4,) float32, zeros if black isn't subtracted."""
    if not contract.subtract_black:
        return np.zeros(4, np.float32)
    return np.array([raw.black_level[site] for site in site_order(raw.cfa)], np.float32)


def plane_gains(raw: RawImage, black: NDArray[np.float32], gains: Gains, exposure_ev: float) -> NDArray[np.float32]:
    """What each packed plane is multiplied by after black: white balance, exposure, 1 / (white - black)."""
    red, green, blue = gains
    scale = 2.0**exposure_ev / (raw.white_level - black.astype(np.float64))
    return np.asarray(np.array([red, green, green, blue]) * scale, np.float32)


def _take(mosaic: NDArray[np.uint16], index: NDArray[np.intp], axis: int) -> NDArray[np.uint16]:
    """Rows or columns by index; a view where they follow one another (indices of a reflection go by steps of one)."""
    if index[-1] - index[0] == len(index) - 1:
        part = slice(int(index[0]), int(index[-1]) + 1)
        return mosaic[part] if axis == 0 else mosaic[:, part]
    return np.take(mosaic, index, axis)
