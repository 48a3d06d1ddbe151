"""Tone: linear sRGB light to the finished picture's values, and back.

Photographs are taken as sRGB-encoded light under the S-curve 3y^2 - 2y^3, the mean tone curve of
cameras in Brooks et al., "Unprocessing images for learned raw denoising" (CVPR 2019).
"""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.output.tone import apply_tone

F32 = NDArray[np.float32]


def tone(linear: F32, rendered: RenderedTone = "contrast") -> F32:
    """Linear sRGB light in [0, 1] to a finished picture in [0, 1]; any shape, float32.

    rendered: the curve over sRGB-encoded light that a student's pictures are to have.
    """
    return apply_tone(srgb_encode(linear), rendered="neutral", wanted=rendered)


def inverse_tone(picture: F32) -> F32:
    """Undo `tone` under the S-curve, which photographs are taken to have, for values in [0, 1]."""
    encoded = np.float32(0.5) - np.sin(np.arcsin(np.float32(1) - np.float32(2) * picture) / np.float32(3))
    return srgb_decode(encoded.astype(np.float32))


def srgb_encode(linear: F32) -> F32:
    """Linear light to sRGB values (IEC 61966-2-1), both in [0, 1]."""
    power = np.float32(1.055) * np.maximum(linear, np.float32(0.0031308)) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(linear <= 0.0031308, linear * np.float32(12.92), power)


def srgb_decode(encoded: F32) -> F32:
    """SRGB values to linear light, both in [0, 1]."""
    power = ((np.maximum(encoded, np.float32(0.04045)) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / np.float32(12.92), power)
