"""What INT8 does to one picture, in figures that say what a viewer would see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.verification.drift.judged import JudgedTile
from lwisp_mobile.metrics import Comparison, compare, psnr_db, srgb_to_lab

Picture = NDArray[np.float32]

SHADOW = 0.0998
"""sRGB of 1 % of white's light (IEC 61966-2-1)."""
CLIPPED = 254.5 / 255
"""A value from here on is written as 255."""
LEAST_CHROMA = 10.0
"""CIELAB; the hue of greyer colours means nothing."""


@dataclass(frozen=True)
class ShadowCodes:
    """Banding in shadows: how many of the 8-bit codes below 1 % of white are used, over the three channels."""

    share: float
    """Of the float picture's values that are in shadow, in [0, 1]."""
    float_codes: int
    int8_codes: int


@dataclass(frozen=True)
class Highlights:
    """Clipping to white, as shares of the values, in [0, 1]."""

    float_clipped: float
    int8_clipped: float
    differing: float
    """Clipped in one and not in the other."""


@dataclass(frozen=True)
class ImageDetail:
    """One picture in INT8 against float, and both against the truth where it is known."""

    image: str
    iso: float | None
    exposure_ev: float | None
    int8_against_float: Comparison
    float_psnr_db: float | None
    """Against the truth; None where that isn't known, or equal."""
    int8_psnr_db: float | None
    shadow: ShadowCodes
    highlights: Highlights
    hue_shift_degrees: float | None
    """Mean angle between the hues of colours that aren't grey; None where all are."""


def measure_image(judged: JudgedTile, in_float: Picture, in_int8: Picture) -> ImageDetail:
    """Compare a tile's pictures, (2h, 2w, 3) sRGB in [0, 1] each."""
    return ImageDetail(
        image=judged.tile.name,
        iso=judged.iso,
        exposure_ev=judged.exposure_ev,
        int8_against_float=compare(in_int8, in_float),
        float_psnr_db=_psnr_db(in_float, judged.truth),
        int8_psnr_db=_psnr_db(in_int8, judged.truth),
        shadow=_shadow(in_float, in_int8),
        highlights=_highlights(in_float, in_int8),
        hue_shift_degrees=hue_shift_degrees(in_int8, in_float),
    )


def hue_shift_degrees(picture: Picture, reference: Picture) -> float | None:
    """Mean absolute difference of the CIELAB hue angles, over colours of the reference that aren't grey."""
    (_, a1, b1), (_, a2, b2) = (np.moveaxis(srgb_to_lab(rgb), -1, 0) for rgb in (picture, reference))
    colored = np.hypot(a2, b2) >= LEAST_CHROMA
    if not colored.any():
        return None
    turn = np.degrees(np.arctan2(b1, a1) - np.arctan2(b2, a2))[colored]
    return float(np.mean(np.abs((turn + 180) % 360 - 180)))


def _psnr_db(picture: Picture, truth: Picture | None) -> float | None:
    found = np.inf if truth is None else psnr_db(picture, truth)
    return found if np.isfinite(found) else None


def _shadow(in_float: Picture, in_int8: Picture) -> ShadowCodes:
    return ShadowCodes(float(np.mean(in_float < SHADOW)), _codes(in_float), _codes(in_int8))


def _codes(picture: Picture) -> int:
    """Different codes below SHADOW, summed over channels."""
    codes = np.rint(255 * picture).astype(np.int64)
    return sum(len(np.unique(codes[..., c][picture[..., c] < SHADOW])) for c in range(codes.shape[-1]))


def _highlights(in_float: Picture, in_int8: Picture) -> Highlights:
    clipped, other = in_float >= CLIPPED, in_int8 >= CLIPPED
    return Highlights(float(clipped.mean()), float(other.mean()), float((clipped != other).mean()))
