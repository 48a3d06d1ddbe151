"""The fixed frames that students are validated and evaluated on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.camera import REFERENCE_CAMERA, SensorColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import typical_noise
from lwisp_export.synthesis.pairs import make_pair
from lwisp_mobile.raw.image import RawImage

SIDE_MULTIPLE_PX = 32
"""Pictures are cut to it, so that every method sees the same pixels and none is padded."""


@dataclass(frozen=True)
class ValidationFrame:
    """One fixed mosaic and its truth."""

    iso: int
    raw: RawImage
    truth: NDArray[np.float32]
    """(H, W, 3) sRGB in [0, 1]."""


def validation_frames(
    pictures: Sequence[NDArray[np.uint8]], sensors: Sequence[SensorColor], isos: Sequence[int]
) -> tuple[ValidationFrame, ...]:
    """Each picture at each ISO with a middling phone's noise; the camera depends on picture and ISO alone."""
    return tuple(
        _frame(picture, iso, np.random.default_rng([index, iso]), sensors)
        for index, picture in enumerate(pictures)
        for iso in isos
    )


def _frame(
    picture: NDArray[np.uint8], iso: int, rng: np.random.Generator, sensors: Sequence[SensorColor]
) -> ValidationFrame:
    height, width = (side - side % SIDE_MULTIPLE_PX for side in picture.shape[:2])
    color = sensors[int(rng.integers(len(sensors)))].sample(rng) if sensors else REFERENCE_CAMERA
    raw, truth = make_pair(picture[:height, :width], Shot(color, typical_noise(iso), iso=iso), rng)
    return ValidationFrame(iso, raw, truth)
