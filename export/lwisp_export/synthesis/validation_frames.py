"""The fixed frames that students are validated and evaluated on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.camera import REFERENCE_CAMERA, SensorColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import ISO_RANGE, typical_noise
from lwisp_export.synthesis.pairs import make_pair
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.raw.image import RawImage

SIDE_MULTIPLE_PX = 32
"""Pictures are cut to it, so that every method sees the same pixels and none is padded."""

PHONE_BITS, LOW_ISO_BITS = 10, 14
"""Below phones' ISO, 10 bits would be coarser than the noise."""


@dataclass(frozen=True)
class ValidationFrame:
    """One fixed mosaic and its truth."""

    iso: int
    raw: RawImage
    truth: NDArray[np.float32]
    """(H, W, 3) sRGB in [0, 1]."""


def validation_frames(
    pictures: Sequence[NDArray[np.uint8]],
    sensors: Sequence[SensorColor],
    isos: Sequence[int],
    rendered: RenderedTone = "contrast",
    photograph_tone: RenderedTone = "contrast",
) -> tuple[ValidationFrame, ...]:
    """Each picture at each ISO with a middling phone's noise; the camera depends on picture and ISO alone.

    rendered: the truth's tone. photograph_tone: the one that pictures are taken to have.
    """
    return tuple(
        _frame(picture, iso, np.random.default_rng([index, iso]), sensors, (rendered, photograph_tone))
        for index, picture in enumerate(pictures)
        for iso in isos
    )


def _frame(
    picture: NDArray[np.uint8],
    iso: int,
    rng: np.random.Generator,
    sensors: Sequence[SensorColor],
    tones: tuple[RenderedTone, RenderedTone],
) -> ValidationFrame:
    height, width = (side - side % SIDE_MULTIPLE_PX for side in picture.shape[:2])
    color = sensors[int(rng.integers(len(sensors)))].sample(rng) if sensors else REFERENCE_CAMERA
    bits = LOW_ISO_BITS if iso < ISO_RANGE[0] else PHONE_BITS
    shot = Shot(color, typical_noise(iso), bits=bits, iso=iso)
    raw, truth = make_pair(picture[:height, :width], shot, rng, *tones)
    return ValidationFrame(iso, raw, truth)
