"""Exposure in stops, with a shoulder: shadows and mid-tones get the gain, what the sensor held is never burnt.

Brighter (g = 2^EV > 1): y = g x up to the knee k of the output; above it
y = k + g d / (1 + c d), d = x - k / g, c = g (g - 1) / ((1 - k) (g - k)), a hyperbola that goes on with the slope g and
reaches 1 at x = 1. Darker is the inverse of brighter by as much: white stays white. At 0 EV nothing changes.
"""

from dataclasses import dataclass
from math import floor, log2
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.levels import black_levels
from lwisp_mobile.preprocess.white_balance import plane_gains
from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]

AUTO_MIDDLE = 0.18
"""Linear light that `auto` moves a frame's median to (a grey card's)."""
AUTO_WHOLE_EV = 1.5
"""Of what a dark frame lacks, `auto` gives so many stops whole and half of the rest: night isn't turned into day."""
AUTO_HIGHLIGHT = 1.75
"""Linear light that `auto` moves a frame's 99th percentile to at most: 0.8 stops of shoulder."""
AUTO_RANGE_EV = (-1.0, 3.0)
AUTO_STEPS_PER_EV = 20
AUTO_STRIDE_PX = 4
"""Every fourth quad along each side is looked at."""


@dataclass(frozen=True)
class Shoulder:
    """One exposure's curve: y = gain (min(x, knee) + e / (1 + bend e)), e = max(x - knee, 0)."""

    gain: np.float32
    knee: np.float32
    bend: np.float32


def shoulder(ev: float, knee: float) -> Shoulder:
    """The curve of an exposure in stops, computed in 64 bits and rounded once. knee: in (0, 1), of the brighter one."""
    gain = 2.0 ** abs(ev)
    bend = (gain - 1) / ((1 - knee) * (gain - knee))
    parts = (gain, knee / gain, gain * bend) if ev > 0 else (1 / gain, knee, -bend)
    return Shoulder(*map(np.float32, parts))


def expose(light: F32, curve: Shoulder) -> F32:
    """Apply an exposure to light, each value by itself; above 1 it's taken as 1. light: any shape. Returns it new."""
    excess = np.clip(light, curve.knee, np.float32(1))
    excess -= curve.knee
    divisor = excess * curve.bend
    divisor += np.float32(1)
    excess /= divisor
    excess += np.clip(light, np.float32(-np.inf), curve.knee, out=divisor)
    excess *= curve.gain
    return excess


def wanted_ev(raw: RawImage, contract: InputContract, chosen: float | Literal["auto"]) -> float:
    """The exposure to apply, in stops: the user's and the file's BaselineExposure, or `auto` by the frame alone."""
    return auto_ev(raw, contract) if chosen == "auto" else chosen + raw.baseline_exposure_ev


def exposure_note(raw: RawImage, chosen: float | Literal["auto"], ev: float) -> tuple[str, ...]:
    """What the user is to know of the exposure: nothing where it's only theirs."""
    if chosen == "auto":
        return (f"Exposure by the frame's own light: {ev:+.2f} EV.",)
    if raw.baseline_exposure_ev:
        return (f"Exposure {ev:+.2f} EV: the file asks for {raw.baseline_exposure_ev:+.2f} (BaselineExposure).",)
    return ()


def auto_ev(raw: RawImage, contract: InputContract) -> float:
    """Exposure by a frame's own light, a multiple of 0.05 EV.

    It takes the median to a grey card's light, a very dark one only part of the way, and spares highlights. From the
    green sites of every fourth quad along each side: equal mosaics get equal exposures.
    """
    light = np.sort(_green_light(raw, contract))
    middle, highlight = (max(float(light[len(light) * share // 100]), 1e-6) for share in (50, 99))
    lacking = log2(AUTO_MIDDLE / middle)
    given = lacking if lacking <= AUTO_WHOLE_EV else (lacking + AUTO_WHOLE_EV) / 2
    ev = min(given, log2(AUTO_HIGHLIGHT / highlight))
    bounded = min(max(ev, AUTO_RANGE_EV[0]), AUTO_RANGE_EV[1])
    return floor(bounded * AUTO_STEPS_PER_EV + 0.5) / AUTO_STEPS_PER_EV


def _green_light(raw: RawImage, contract: InputContract) -> F32:
    black = black_levels(raw, contract)
    gains = plane_gains(raw, contract, black)
    step = 2 * AUTO_STRIDE_PX
    greens = [raw.mosaic[site // 2 :: step, site % 2 :: step].ravel() for site in site_order(raw.cfa)[1:3]]
    return np.concatenate([(green.astype(np.float32) - black[i]) * gains[i] for i, green in enumerate(greens, start=1)])
