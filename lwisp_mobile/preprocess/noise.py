"""Noise: where it's known from, and the plane that tells it to a network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.preprocess.curve import curve
from lwisp_mobile.preprocess.exposure import Shoulder, expose
from lwisp_mobile.preprocess.noise_estimate import estimate_noise
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
        return NO_NOISE, "Noise unknown: nothing in the frame is flat and unclipped. Taken as none; give it with --noise."
    return found, f"Noise estimated from the mosaic: {_text(found)}."


def noise_of_quads(profile: NoiseProfile, gains: tuple[float, float, float, float]) -> QuadNoise:
    """The mean variance over a quad's sites after white balance, in terms of the quad's mean light.

    gains: white balance of planes R, Gr, Gb, B. Computed in 64 bits, rounded once.
    """
    shot = sum(gain * profile.scale[color] for gain, color in zip(gains, PLANE_COLORS)) / 4
    read = sum(gain * gain * profile.offset[color] for gain, color in zip(gains, PLANE_COLORS)) / 4
    return QuadNoise(np.float32(shot), np.float32(read))


def noise_plane(
    light: F32, gain: F32 | None, noise: QuadNoise, exposure: Shoulder | None, offset: float, scale: np.float32
) -> F32:
    """The noise's standard deviation under the curve, times a scale, at most 1.

    Half the way under exposure and curve from light - sigma to light + sigma, which stays finite at black where the
    curve is steep, and falls at white where noise is clipped. light: (h, w), means of quads before colour and exposure.
    gain: the shading's, (h, w); None: 1. Returns (h, w) float32.
    """
    variance = np.clip(light, np.float32(0), np.float32(1))
    variance *= noise.shot
    variance += noise.read if gain is None else noise.read * gain
    if gain is not None:
        variance *= gain
    sigma = np.sqrt(variance, out=variance)
    high, low = (curve(_exposed(at, exposure), offset) for at in (light + sigma, light - sigma))
    high -= low
    high *= scale * np.float32(0.5)
    return np.clip(high, np.float32(0), np.float32(1), out=high)


def _exposed(light: F32, exposure: Shoulder | None) -> F32:
    return light if exposure is None else expose(light, exposure)


def _text(profile: NoiseProfile) -> str:
    return f"variance {_mean(profile.scale):.3g} x light + {_mean(profile.offset):.3g}"


def _mean(values: tuple[float, float, float]) -> float:
    return sum(values) / len(values)
