"""RAW frames made from the photographs that scikit-image ships, so that nothing needs a download.

astronaut and rocket are NASA's (public domain); coffee and chelsea are CC0 by their photographers.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from skimage import data

from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB, CameraColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import typical_noise
from lwisp_export.synthesis.pairs import make_pair
from lwisp_mobile.raw.image import RawImage

CALIBRATION_PHOTOS = ("coffee", "chelsea", "rocket")
EVALUATION_PHOTO = "astronaut"
"""Never used for calibration."""
_EXPOSURES_EV = (-2.0, -1.0, 0.0, 1.5)
"""From dark frames to clipped white: without bright frames calibrated ranges clip."""
_ISOS = (100.0, 400.0, 1600.0)
_SATURATIONS = (1.0, 1.5)
"""Photographs stay inside sRGB; flowers, lamps and signs don't, and their activations reach further."""
_LIGHTS = ((1.5, 1.0, 2.6), (1.9, 1.0, 1.7), (2.3, 1.0, 1.4))
"""White-balance gains under tungsten, daylight and shade, typical of phone sensors."""


@dataclass(frozen=True)
class MadeFrame:
    """A made RAW and the picture it stands for."""

    name: str
    raw: RawImage
    truth: NDArray[np.float32]
    """(H, W, 3) sRGB in [0, 1]."""
    shot: Shot


def calibration_frames() -> tuple[MadeFrame, ...]:
    """Frames over exposures, saturations, ISOs and lights, from the calibration photographs; always the same."""
    return tuple(
        make_frame(photo, _calibration_shot(i, j, k), seed=1000 * k + 10 * i + j)
        for i, photo in enumerate(CALIBRATION_PHOTOS)
        for j in range(len(_EXPOSURES_EV))
        for k in range(len(_SATURATIONS))
    )


def evaluation_frames() -> tuple[MadeFrame, ...]:
    """Frames from the photograph that calibration never sees, over exposures, ISOs and lights."""
    return tuple(
        make_frame(EVALUATION_PHOTO, _typical_shot(exposure, _ISOS[j % 3], _LIGHTS[(j + 1) % 3]), seed=100 + j)
        for j, exposure in enumerate(_EXPOSURES_EV)
    )


def make_frame(photo: str, shot: Shot, seed: int) -> MadeFrame:
    """Photograph one of scikit-image's pictures, whole."""
    picture = np.asarray(getattr(data, photo)()[..., :3])
    raw, truth = make_pair(picture, shot, np.random.default_rng(seed))
    strength = "" if shot.saturation == 1 else f" saturation {shot.saturation:g}"
    return MadeFrame(f"{photo} {shot.exposure_ev:+g} EV ISO {shot.iso:g}{strength}", raw, truth, shot)


def _calibration_shot(photo: int, exposure: int, saturation: int) -> Shot:
    """The shot at these places of the lists; ISO and light go round, so that every pair of them occurs."""
    iso, light = photo + exposure + saturation, photo + 2 * exposure + saturation
    shot = _typical_shot(_EXPOSURES_EV[exposure], _ISOS[iso % 3], _LIGHTS[light % 3])
    return replace(shot, saturation=_SATURATIONS[saturation])


def _typical_shot(exposure_ev: float, iso: float, gains: tuple[float, float, float]) -> Shot:
    color = CameraColor(REFERENCE_TO_SRGB, gains)
    return Shot(color, typical_noise(iso), exposure_ev=exposure_ev, bits=12, iso=iso)
