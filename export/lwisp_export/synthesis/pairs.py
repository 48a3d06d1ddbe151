"""Pairs of a RAW mosaic and the finished picture, made from a photograph."""

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.mosaic import Shot, expose, photograph, saturate, soften
from lwisp_export.synthesis.tone import inverse_tone, srgb_decode, tone
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.raw.cfa import cfa_offset_px
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]

_CODES = np.linspace(0, 1, 256, dtype=np.float32)
_LINEAR_OF_CODE: dict[RenderedTone, F32] = {"contrast": inverse_tone(_CODES), "neutral": srgb_decode(_CODES)}


def linear_light(picture: NDArray[np.uint8], photograph_tone: RenderedTone = "contrast") -> F32:
    """Linear sRGB light of a finished 8-bit picture; any shape. photograph_tone: what it's taken to have."""
    return _LINEAR_OF_CODE[photograph_tone][picture]


def finished(linear: F32, exposure_ev: float, rendered: RenderedTone = "contrast") -> F32:
    """The finished picture of a scene at an exposure: what a student is to give. [0, 1]."""
    return tone(np.clip(expose(linear, exposure_ev), np.float32(0), np.float32(1)), rendered)


def make_pair(
    picture: NDArray[np.uint8],
    shot: Shot,
    rng: np.random.Generator,
    rendered: RenderedTone = "contrast",
    photograph_tone: RenderedTone = "contrast",
) -> tuple[RawImage, F32]:
    """A mosaic and its truth from a photograph.

    picture: (H, W, 3) uint8 sRGB. rendered: the truth's tone. photograph_tone: the one that the photograph is taken to
    have; where the two are the same, so are the photograph and the truth at exposure 0. The mosaic leaves out the rows
    and columns that `align` will put before it, so that the aligned mosaic covers the picture. Returns it and (H, W, 3)
    float32.
    """
    top, left = cfa_offset_px(shot.cfa)
    linear = soften(saturate(linear_light(picture, photograph_tone), shot.saturation), shot.softness_px)
    return photograph(linear[top:, left:], shot, rng), finished(linear, shot.exposure_ev, rendered)
