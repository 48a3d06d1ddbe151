"""Noise: where it's known from, and the plane that tells it to a network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.preprocess.curve import curve
from lwisp_mobile.preprocess.exposure import Shoulder, expose
from lwisp_mobile.preprocess.noise_estimate import estimate_noise
from lwisp_mobile.preprocess.pack import quad_mean
from lwisp_mobile.raw.corrections import NoiseProfile
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]
NO_NOISE = NoiseProfile((0.0,) * 3, (0.0,) * 3)
PLANE_COLORS = (0, 1, 1, 2)
"""Planes R, Gr, Gb, B as R, G, B."""


@dataclass(frozen=True)
class QuadNoise:
    """Noise of white-balanced quads: a site's variance at light x under a shading gain g is (shot x + read g) g."""

    shot: np.float32
    read: np.float32


def find_noise(raw: RawImage, given: NoiseProfile | None) -> tuple[NoiseProfile, str]:
    """A frame's noise and a note that says from where: the user, the file, or the mosaic itself."""
    if given is not None:
        return given, f"Noise as given: {_text(given)}."
    if raw.noise_profile is not None:
        return raw.noise_profile, f"Noise from the file (NoiseProfile): {_text(raw.noise_profile)}."
    found = estimate_noise(raw)
    if found is None:
        return (
            NO_NOISE,
            "Noise unknown, taken as none: nothing in the frame is flat and unclipped. Give it with --noise.",
        )
    return found, f"Noise estimated from the mosaic: {_text(found)}."


def noise_of_quads(
    profile: NoiseProfile, gains: tuple[float, float, float, float], exposure_gain: float = 1.0
) -> QuadNoise:
    """The mean variance over a quad's sites after white balance, in terms of the quad's mean light.

    gains: white balance of planes R, Gr, Gb, B. exposure_gain: what is in their light besides. Computed in 64 bits,
    rounded once.
    """
    shot = sum(gain * profile.scale[color] for gain, color in zip(gains, PLANE_COLORS)) / 4
    read = sum(gain * gain * profile.offset[color] for gain, color in zip(gains, PLANE_COLORS)) / 4
    return QuadNoise(np.float32(shot * exposure_gain), np.float32(read * exposure_gain * exposure_gain))


@dataclass(frozen=True)
class NoisePlane:
    """How one frame's noise is told to a network."""

    noise: QuadNoise
    exposure: Shoulder | None
    curve_offset: float
    scale: np.float32
    """Times this, the standard deviation under the curve is the plane's value."""

    def over(self, light: F32, gain: F32 | None) -> F32:
        """The plane over a window, (h, w) float32 in [0, 1].

        The standard deviation under exposure and curve is taken as half the way from light - sigma to light + sigma:
        it stays finite at black where the curve is steep, and falls at white where noise is clipped.
        light: (4, h, w), before colour and exposure. gain: the shading's, of the same shape; None: 1.
        """
        mean = quad_mean(light)
        sigma = np.sqrt(quad_variance(mean, None if gain is None else quad_mean(gain), self.noise))
        high, low = (curve(self._exposed(at), self.curve_offset) for at in (mean + sigma, mean - sigma))
        high -= low
        high *= self.scale * np.float32(0.5)
        return np.clip(high, np.float32(0), np.float32(1), out=high)

    def _exposed(self, light: F32) -> F32:
        return light if self.exposure is None else expose(light, self.exposure)


def quad_variance(light: F32, gain: F32 | None, noise: QuadNoise) -> F32:
    """Variance at a quad's mean light, (shot x + read g) g; light is clipped to [0, 1]. All (h, w) float32."""
    variance = np.clip(light, np.float32(0), np.float32(1))
    variance *= noise.shot
    if gain is None:
        variance += noise.read
        return variance
    variance += noise.read * gain
    variance *= gain
    return variance


def _text(profile: NoiseProfile) -> str:
    return f"variance {_mean(profile.scale):.3g} x light + {_mean(profile.offset):.3g}"


def _mean(values: tuple[float, float, float]) -> float:
    return sum(values) / len(values)
