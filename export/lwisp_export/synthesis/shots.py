"""What shots are drawn from in training: cameras, lights, noise, and how varied they are."""

from dataclasses import dataclass, field, replace

import numpy as np

from lwisp_export.synthesis.camera import SensorColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import ISO_RANGE, NoiseLevel, PhoneNoise, typical_noise
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.cfa import CFA_ORDERS

LOW_ISO_RANGE = (1.0, 100.0)
"""Down to the noise of a large sensor, or of many frames averaged."""
NOISELESS = NoiseLevel(shot=1e-8, read=1e-10)
NOISELESS_ISO = LOW_ISO_RANGE[0]


@dataclass(frozen=True)
class ShotVariety:
    """How far shots vary; what is left out doesn't."""

    iso: tuple[float, float] = ISO_RANGE
    """ISO is uniform in its logarithm."""
    low_iso_share: float = 0.0
    """Share of the shots at ISO 1 to 100 instead."""
    noiseless_share: float = 0.0
    """Share of the shots that have almost no noise."""
    told_noise: tuple[float, float] = (1.0, 1.0)
    """Factor on the standard deviation of noise that a file tells, uniform in its logarithm."""
    soft_share: float = 0.0
    """Share of the shots through a soft lens."""
    softness_px: tuple[float, float] = (0.3, 1.0)
    """Standard deviation of its blur."""
    stuck_share: float = 0.0
    """Share of the shots with stuck pixels that the file doesn't list."""
    stuck_pixels: float = 1e-3
    """Share of such a shot's pixels that are stuck at black or white."""

    def __post_init__(self) -> None:
        """Refuse shares beyond 1 and ranges that a logarithm doesn't take."""
        for name in ("low_iso_share", "noiseless_share", "soft_share", "stuck_share", "stuck_pixels"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is {getattr(self, name)}; a share is from 0 to 1.")
        for name in ("iso", "told_noise", "softness_px"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise UsageError(f"{name} is [{low}, {high}]; give a range above 0, the lower end first.")


@dataclass(frozen=True)
class ShotRange:
    """What shots are drawn from."""

    sensors: tuple[SensorColor, ...]
    phones: tuple[PhoneNoise, ...]
    exposure_ev: tuple[float, float] = (-2.5, 1.0)
    bits: tuple[int, ...] = (10, 12, 14)
    saturation: tuple[float, float] = (1.0, 1.0)
    variety: ShotVariety = field(default_factory=ShotVariety)

    def sample(self, rng: np.random.Generator) -> Shot:
        """A random camera, light, ISO, exposure, depth and filter order, and what else varies."""
        iso = self._iso(rng)
        shot = Shot(
            color=self.sensors[rng.integers(len(self.sensors))].sample(rng),
            noise=self._noise(iso, rng),
            exposure_ev=float(rng.uniform(*self.exposure_ev)),
            bits=int(rng.choice(self.bits)),
            cfa=CFA_ORDERS[rng.integers(4)],
            iso=iso,
            saturation=float(rng.uniform(*self.saturation)),
        )
        return self._varied(shot, rng)

    def _iso(self, rng: np.random.Generator) -> float:
        is_low = _happens(self.variety.low_iso_share, rng)
        return _log_uniform(LOW_ISO_RANGE if is_low else self.variety.iso, rng)

    def _noise(self, iso: float, rng: np.random.Generator) -> NoiseLevel:
        """A phone's, or below what phones have a middling one's by its law."""
        phone = self.phones[rng.integers(len(self.phones))]
        return phone.at(iso) if iso >= ISO_RANGE[0] else typical_noise(iso)

    def _varied(self, shot: Shot, rng: np.random.Generator) -> Shot:
        """Draws nothing for what doesn't vary, so that recipes without it get the shots they always got."""
        variety = self.variety
        if _happens(variety.noiseless_share, rng):
            shot = replace(shot, noise=NOISELESS, iso=NOISELESS_ISO)
        if variety.told_noise != (1.0, 1.0):
            shot = replace(shot, told_noise=_log_uniform(variety.told_noise, rng))
        if _happens(variety.soft_share, rng):
            shot = replace(shot, softness_px=float(rng.uniform(*variety.softness_px)))
        if _happens(variety.stuck_share, rng):
            shot = replace(shot, bad_share=variety.stuck_pixels)
        return shot


def _happens(share: float, rng: np.random.Generator) -> bool:
    return share > 0 and bool(rng.random() < share)


def _log_uniform(ends: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(ends))))
