"""What INT8 does to one picture, in figures of what a viewer would see: shadows, highlights, hues."""

from dataclasses import dataclass

import numpy as np

from lwisp_export.drift.evaluation_tiles import EvaluationTile
from lwisp_export.drift.stage_drift import Picture
from lwisp_mobile.metrics import Comparison, compare, psnr_db, srgb_to_lab

SHADOW = 0.0998
"""sRGB of 1 % of white's light (IEC 61966-2-1)."""
CLIPPED = 254.5 / 255
"""Values from here up are written as 255."""
LEAST_CHROMA = 10.0
"""In CIELAB; the hue of greyer colours carries no meaning."""


@dataclass(frozen=True)
class ShadowLevels:
    """Banding in shadows: how many 8-bit levels below 1 % of white's light occur, summed over the three channels."""

    share: float
    """Of the float picture's values that are in shadow, in [0, 1]."""
    float_levels: int
    int8_levels: int


@dataclass(frozen=True)
class Highlights:
    """Clipping to white, as shares of the values, in [0, 1]."""

    float_clipped: float
    int8_clipped: float
    differing: float
    """Clipped in one and not in the other."""


@dataclass(frozen=True)
class ImageDetail:
    """One picture in INT8 against float, and both against the ground truth where there is one."""

    image: str
    iso: float | None
    exposure_ev: float | None
    int8_against_float: Comparison
    float_psnr_db: float | None
    """Against the ground truth; None where there is none, or the two are equal."""
    int8_psnr_db: float | None
    shadow: ShadowLevels
    highlights: Highlights
    hue_shift_degrees: float | None
    """Mean angle between the hues of colours that aren't grey; None where all are."""


def measure_image(tile: EvaluationTile, in_float: Picture, in_int8: Picture) -> ImageDetail:
    """Compare a tile's pictures, (2h, 2w, 3) sRGB in [0, 1] each."""
    return ImageDetail(
        image=tile.name,
        iso=tile.iso,
        exposure_ev=tile.exposure_ev,
        int8_against_float=compare(in_int8, in_float),
        float_psnr_db=_psnr_db(in_float, tile.ground_truth),
        int8_psnr_db=_psnr_db(in_int8, tile.ground_truth),
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


def _psnr_db(picture: Picture, ground_truth: Picture | None) -> float | None:
    found = np.inf if ground_truth is None else psnr_db(picture, ground_truth)
    return found if np.isfinite(found) else None


def _shadow(in_float: Picture, in_int8: Picture) -> ShadowLevels:
    return ShadowLevels(float(np.mean(in_float < SHADOW)), _levels(in_float), _levels(in_int8))


def _levels(picture: Picture) -> int:
    """Distinct 8-bit levels below SHADOW, summed over channels."""
    levels = np.rint(255 * picture).astype(np.int64)
    return sum(len(np.unique(levels[..., c][picture[..., c] < SHADOW])) for c in range(levels.shape[-1]))


def _highlights(in_float: Picture, in_int8: Picture) -> Highlights:
    clipped, other = in_float >= CLIPPED, in_int8 >= CLIPPED
    return Highlights(float(clipped.mean()), float(other.mean()), float((clipped != other).mean()))
