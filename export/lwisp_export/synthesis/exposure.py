"""Exposure by the RAW software, backwards: the light before a file's BaselineExposure was applied with its shoulder."""

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB
from lwisp_mobile.preprocess.exposure import expose, shoulder

F32 = NDArray[np.float32]

EXPOSURE_KNEE = 0.5
"""Light of the exposed picture from which students' contracts roll it off: two thirds of the way to white in sRGB."""


def unexpose(light: F32, ev: float, knee: float = EXPOSURE_KNEE) -> F32:
    """Undo an exposure in stops: mirror of `expose`. light: any shape, float32, at most 1. Returns the same shape."""
    return expose(light, shoulder(-ev, knee))


def unexpose_srgb(linear: F32, ev: float) -> F32:
    """The same for linear sRGB light (H, W, 3), in the reference camera's colours, where the runtime applies it."""
    if not ev:
        return linear
    to_srgb = np.array(REFERENCE_TO_SRGB)
    reference = linear @ np.linalg.inv(to_srgb).T.astype(np.float32)
    scene: F32 = unexpose(np.minimum(reference, np.float32(1)), ev) @ to_srgb.T.astype(np.float32)
    return scene
