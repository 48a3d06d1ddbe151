"""Levels: sensor values to light above black, and light to what a sensor can hold."""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]


def black_levels(raw: RawImage, contract: InputContract) -> F32:
    """Black levels of the packed planes; (4,) float32, zeros if black isn't subtracted."""
    if not contract.subtract_black:
        return np.zeros(4, np.float32)
    return np.array([raw.black_level[site] for site in site_order(raw.cfa)], np.float32)


def subtract_black(planes: F32, black: F32) -> F32:
    """Subtract each plane's black, in place; values under black stay negative. planes: (4, h, w). black: (4,)."""
    planes -= black[:, None, None]
    return planes


def clip_white(light: F32) -> F32:
    """Clip above at 1, in place: what a sensor can't hold of every colour is white, so that it stays neutral."""
    # Several times as fast as np.minimum.
    return np.clip(light, np.float32(-np.inf), np.float32(1), out=light)
