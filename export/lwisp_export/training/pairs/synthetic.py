"""Synthetic pairs for denoise and enhance: a photograph, and the same retaken with noise or too little light.

Noise is added to the mosaic of a sampled camera. Demosaicing correlates it between pixels, white balance and colour
matrix colour it, and the tone curve amplifies it in the shadows, as in a camera's pictures. Detail is unchanged.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.synthesis.camera import CameraColor, SensorColor
from lwisp_export.synthesis.mosaic import expose, sample_cfa, to_camera
from lwisp_export.synthesis.noise import ISO_RANGE, NoiseLevel, PhoneNoise, add_noise, typical_noise
from lwisp_export.synthesis.pairs import finished, linear_light
from lwisp_export.training.pairs.crop import Crop, central_crop, random_crop
from lwisp_export.training.pairs.pair_set import F32, Pair, from_8_bit

with warnings.catch_warnings():
    # It warns, once, that matplotlib isn't there to plot with.
    warnings.simplefilter("ignore")
    from colour_demosaicing import demosaicing_CFA_Bayer_bilinear

DENOISE_EXPOSURE_EV = (0.0, 0.0)
ENHANCE_EXPOSURE_EV = (-3.5, -1.0)
"""From a dim room to a picture that looks nearly black."""
WHOLE_ISOS = (100, 800, 3200)


@dataclass(frozen=True)
class Retake:
    """How a photograph is retaken."""

    color: CameraColor
    noise: NoiseLevel
    exposure_ev: float


@dataclass(frozen=True)
class RetakeRange:
    """The distribution of retakes."""

    sensors: tuple[SensorColor, ...]
    phones: tuple[PhoneNoise, ...]
    exposure_ev: tuple[float, float]
    """DENOISE_EXPOSURE_EV or ENHANCE_EXPOSURE_EV."""

    def sample(self, rng: np.random.Generator) -> Retake:
        """A random camera and light, a random phone's noise at an ISO uniform in log, an exposure."""
        iso = float(np.exp(rng.uniform(*np.log(ISO_RANGE))))
        return self._retake(self.phones[rng.integers(len(self.phones))].at(iso), rng)

    def at_iso(self, iso: int, rng: np.random.Generator) -> Retake:
        """As `sample`, with a typical phone's noise at one ISO."""
        return self._retake(typical_noise(iso), rng)

    def _retake(self, noise: NoiseLevel, rng: np.random.Generator) -> Retake:
        color = self.sensors[rng.integers(len(self.sensors))].sample(rng)
        return Retake(color, noise, float(rng.uniform(*self.exposure_ev)))


def retake(picture: NDArray[np.uint8], how: Retake, rng: np.random.Generator) -> F32:
    """Retake a finished photograph. picture: (H, W, 3) uint8 sRGB.

    Returns (H, W, 3) float32 in [0, 1], rounded to 8 bits as a file of it would be. Without noise and at exposure 0
    it's the photograph.
    """
    camera = to_camera(expose(linear_light(picture), how.exposure_ev), how.color)
    # Only the noise is computed from clipped light, so that out-of-gamut colours are kept.
    light = np.clip(camera, np.float32(0), np.float32(1))
    noisy = camera + demosaiced_noise(light, how.noise, rng)
    rounded = np.rint(finished(from_camera(noisy, how.color), 0.0) * np.float32(255))
    return from_8_bit(rounded.astype(np.uint8))


def demosaiced_noise(camera_rgb: F32, level: NoiseLevel, rng: np.random.Generator) -> F32:
    """The noise of a mosaic of this light (H, W, 3), bilinearly demosaiced; the same shape."""
    mosaic = sample_cfa(camera_rgb, "RGGB")
    noise = demosaicing_CFA_Bayer_bilinear(add_noise(mosaic, level, rng) - mosaic, "RGGB")
    return np.asarray(noise, np.float32)


def from_camera(camera_rgb: F32, color: CameraColor) -> F32:
    """The camera's light to linear sRGB (H, W, 3): undoes `to_camera`."""
    matrix = np.array(color.to_srgb) * np.array(color.gains)
    light: F32 = camera_rgb @ matrix.T.astype(np.float32)
    return light


@dataclass(frozen=True)
class SyntheticPairs:
    """A PairSet of photographs in memory, each (H, W, 3) uint8 sRGB."""

    training: tuple[NDArray[np.uint8], ...]
    validation: tuple[NDArray[np.uint8], ...]
    retakes: RetakeRange

    def __len__(self) -> int:
        """Photographs to train on."""
        return len(self.training)

    def crops(self, index: int, patch_px: int, count: int, rng: np.random.Generator) -> list[Pair]:
        """Random squares of one photograph, each retaken in its own way; see PairSet."""
        picture = self.training[index]
        crops = [random_crop(picture.shape, patch_px, 1, rng) for _ in range(count)]
        return [
            _pair(picture, crop, self.retakes.sample(rng), rng, (f"photograph {index}", "training")) for crop in crops
        ]

    def whole(self) -> Iterator[Pair]:
        """Each validation photograph at each of WHOLE_ISOS; see PairSet."""
        for index, picture in enumerate(self.validation):
            crop = central_crop(picture.shape, SIZE_MULTIPLE)
            for iso in WHOLE_ISOS:
                rng = np.random.default_rng([index, iso])
                labels = (f"photograph {index}, ISO {iso}", f"iso{iso}")
                yield _pair(picture, crop, self.retakes.at_iso(iso, rng), rng, labels)


def _pair(
    picture: NDArray[np.uint8], crop: Crop, how: Retake, rng: np.random.Generator, labels: tuple[str, str]
) -> Pair:
    """A pair of one crop. labels: name and kind."""
    truth = crop.of(picture)
    return Pair(*labels, planes=retake(truth, how, rng), truth=from_8_bit(truth))
