"""Sensor noise: variance linear in light (shot and read noise), from measured phone cameras."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.corrections import NoiseProfile

ISO_RANGE = (50.0, 3200.0)
_BLACK_DN, _WHITE_DN = 64.0, 1023.0
_RANGE_DN = _WHITE_DN - _BLACK_DN


@dataclass(frozen=True)
class NoiseLevel:
    """Variance of a site at light x in [0, 1]: shot * x + read."""

    shot: float
    read: float
    """At least 0."""

    def profile(self, factor: float = 1.0) -> NoiseProfile:
        """What a file says of this noise. factor: on its standard deviation, for files that are wrong by so much."""
        return NoiseProfile((self.shot * factor**2,) * 3, (self.read * factor**2,) * 3)


def typical_noise(iso: float) -> NoiseLevel:
    """Noise of a middling phone: medians over 12 measured cameras, as laws of ISO."""
    return NoiseLevel(shot=2.0e-6 * iso, read=(3.8e-6 * iso) ** 2)


@dataclass(frozen=True)
class PhoneNoise:
    """One phone camera's measured noise over ISO."""

    name: str
    log_iso: NDArray[np.float64]
    shot: NDArray[np.float64]
    read: NDArray[np.float64]

    def at(self, iso: float) -> NoiseLevel:
        """Noise at an ISO, interpolated over log ISO between the measured ones."""
        position = np.log(iso)
        shot = float(np.interp(position, self.log_iso, self.shot))
        return NoiseLevel(shot, float(np.interp(position, self.log_iso, self.read)))


def load_phones(path: Path) -> tuple[PhoneNoise, ...]:
    """Read measured phone noise (see README, 'Training data'). Raises UsageError if it can't be read."""
    try:
        cameras = json.loads(path.read_text())["cameras"]
        return tuple(_phone(name, levels) for name, levels in sorted(cameras.items()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: no phone noise could be read ({error}). Give the data folder.") from error


def _phone(name: str, levels: dict[str, dict[str, list[float]]]) -> PhoneNoise:
    """The file's law is var_dn = shot_per_dn * dn + read_dn2 with black in dn; ours is on light in [0, 1]."""
    isos = sorted(levels, key=float)
    shot_dn = np.array([np.mean(levels[iso]["shot_per_dn"]) for iso in isos])
    read_dn2 = np.array([np.mean(levels[iso]["read_dn2"]) for iso in isos])
    # The fitted variance at black dips below zero at low ISO; no sensor is that clean.
    read = np.maximum((shot_dn * _BLACK_DN + read_dn2) / _RANGE_DN**2, 1e-8)
    return PhoneNoise(name, np.log([float(iso) for iso in isos]), shot_dn / _RANGE_DN, read)


def add_noise(light: NDArray[np.float32], level: NoiseLevel, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add Gaussian shot and read noise. light: any shape, float32 in [0, 1]. Returns unclipped float32."""
    sigma = np.sqrt(np.float32(level.shot) * light + np.float32(level.read))
    noisy: NDArray[np.float32] = light + sigma * rng.standard_normal(light.shape, dtype=np.float32)
    return noisy
