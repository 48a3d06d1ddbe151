"""Pairs of a RAW mosaic and the finished picture, made from a photograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.camera import SensorColor
from lwisp_export.synthesis.mosaic import Shot, expose, photograph, saturate
from lwisp_export.synthesis.noise import ISO_RANGE, PhoneNoise
from lwisp_export.synthesis.tone import inverse_tone, tone
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.raw.cfa import CFA_ORDERS, cfa_offset_px
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]

_LINEAR_OF_CODE = inverse_tone(np.linspace(0, 1, 256, dtype=np.float32))


@dataclass(frozen=True)
class ShotRange:
    """What shots are drawn from."""

    sensors: tuple[SensorColor, ...]
    phones: tuple[PhoneNoise, ...]
    exposure_ev: tuple[float, float] = (-2.5, 1.0)
    bits: tuple[int, ...] = (10, 12, 14)
    saturation: tuple[float, float] = (1.0, 1.0)

    def sample(self, rng: np.random.Generator) -> Shot:
        """A random camera, light, ISO (uniform in log), exposure, depth and filter order."""
        iso = float(np.exp(rng.uniform(*np.log(ISO_RANGE))))
        return Shot(
            color=self.sensors[rng.integers(len(self.sensors))].sample(rng),
            noise=self.phones[rng.integers(len(self.phones))].at(iso),
            exposure_ev=float(rng.uniform(*self.exposure_ev)),
            bits=int(rng.choice(self.bits)),
            cfa=CFA_ORDERS[rng.integers(4)],
            iso=iso,
            saturation=float(rng.uniform(*self.saturation)),
        )


def linear_light(picture: NDArray[np.uint8]) -> F32:
    """Linear sRGB light of a finished 8-bit picture; any shape."""
    return _LINEAR_OF_CODE[picture]


def finished(linear: F32, exposure_ev: float, rendered: RenderedTone = "contrast") -> F32:
    """The finished picture of a scene at an exposure: what a student is to give. [0, 1]."""
    return tone(np.clip(expose(linear, exposure_ev), np.float32(0), np.float32(1)), rendered)


def make_pair(
    picture: NDArray[np.uint8], shot: Shot, rng: np.random.Generator, rendered: RenderedTone = "contrast"
) -> tuple[RawImage, F32]:
    """A mosaic and its truth from a photograph.

    picture: (H, W, 3) uint8 sRGB. rendered: the truth's tone. The mosaic leaves out the rows and columns that `align`
    will put before it, so that the aligned mosaic covers the picture. Returns it and (H, W, 3) float32.
    """
    top, left = cfa_offset_px(shot.cfa)
    linear = saturate(linear_light(picture), shot.saturation)
    return photograph(linear[top:, left:], shot, rng), finished(linear, shot.exposure_ev, rendered)
