"""The one pre-processing: a RawImage to the packed planes a student eats.

Training, calibration, benchmarks and `develop` all call `prepare`; the Kotlin core is checked against it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.cfa import align, lead_px, pack, site_order
from lwisp_mobile.raw.color import apply_on_quads, scale_gains, to_reference
from lwisp_mobile.raw.image import Gains, RawImage
from lwisp_mobile.raw.levels import curve, normalise


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
    aligned = align(raw.mosaic, raw.cfa, 2 * contract.size_multiple)
    black = plane_levels(raw, contract)
    gains = scale_gains(raw.wb_gains) if contract.white_balance else (1.0, 1.0, 1.0)
    planes = normalise(pack(aligned), black, plane_gains(raw, black, gains, exposure_ev))
    if contract.reference_to_srgb is not None:
        planes = apply_on_quads(planes, to_reference(raw.camera_to_srgb, contract.reference_to_srgb))
    top, left = lead_px(raw.cfa)
    return Packed(curve(planes, contract.curve_offset), top, left, raw.height_px, raw.width_px)


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
