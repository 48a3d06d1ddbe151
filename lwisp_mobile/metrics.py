"""Picture metrics: PSNR, SSIM, CIEDE2000 and counts of non-finite values; numpy only, so that they run on devices.

Pictures are (H, W, 3) float32 sRGB in [0, 1]. A NaN is never averaged away: it raises NonFiniteError.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import NonFiniteError, UsageError
from lwisp_mobile.raw.color import SRGB_TO_XYZ

Picture = NDArray[np.float32]
_D65_WHITE = SRGB_TO_XYZ.sum(axis=1)


@dataclass(frozen=True)
class Comparison:
    """How far a picture is from its reference."""

    max_abs_diff: float
    psnr_db: float | None
    """At data range 1.0; None where the pictures are equal (PSNR is infinite)."""
    ssim: float
    delta_e_mean: float
    delta_e_p99: float
    non_finite: int
    """NaN and infinite values in either picture; if there are any, the other figures cover the finite pixels only."""


def compare(picture: Picture, reference: Picture) -> Comparison:
    """Compare two pictures of the same size. Raises UsageError if the sizes differ or no value is finite."""
    _check_sizes(picture, reference)
    finite = np.isfinite(picture) & np.isfinite(reference)
    bad = int(finite.size - np.count_nonzero(finite))
    if bad == finite.size:
        raise UsageError("No value of the pictures is finite; there is nothing to compare.")
    kept: NDArray[np.bool_] = np.asarray(finite.all(axis=-1, keepdims=True))
    picture, reference = np.where(kept, picture, np.float32(0)), np.where(kept, reference, np.float32(0))
    differences = delta_e_2000(picture, reference)[kept[..., 0]]
    return Comparison(
        max_abs_diff=float(np.abs(picture - reference).max()),
        psnr_db=_finite_or_none(psnr_db(picture, reference)),
        ssim=ssim(picture, reference),
        delta_e_mean=float(differences.mean()),
        delta_e_p99=float(np.percentile(differences, 99)),
        non_finite=bad,
    )


def psnr_db(picture: Picture, reference: Picture) -> float:
    """Peak signal-to-noise ratio in dB at data range 1.0; infinite for equal pictures."""
    _check_sizes(picture, reference)
    _check_finite(picture, reference)
    mse = float(np.mean((picture.astype(np.float64) - reference) ** 2))
    return float("inf") if mse == 0 else float(-10 * np.log10(mse))


def ssim(picture: Picture, reference: Picture) -> float:
    """Structural similarity (Wang et al., 2004): 11-tap Gaussian window, sigma 1.5, mean over channels.

    The outer 5 px, where the window would extend beyond the picture, aren't counted. Raises UsageError below 11 px.
    """
    _check_sizes(picture, reference)
    _check_finite(picture, reference)
    if min(picture.shape[:2]) < 11:
        raise UsageError(f"SSIM needs at least 11x11 px; found {picture.shape[1]}x{picture.shape[0]}.")
    a, b = picture.astype(np.float64), reference.astype(np.float64)
    mean_a, mean_b = _gaussian(a), _gaussian(b)
    var_a, var_b = _gaussian(a * a) - mean_a**2, _gaussian(b * b) - mean_b**2
    covariance = _gaussian(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
    return float(np.mean(luminance * (2 * covariance + 0.03**2) / (var_a + var_b + 0.03**2)))


def delta_e_2000(picture: Picture, reference: Picture) -> NDArray[np.float64]:
    """CIEDE2000 colour difference per pixel (Sharma, Wu and Dalal, 2005), kL = kC = kH = 1. Returns (H, W)."""
    l1, a1, b1 = np.moveaxis(srgb_to_lab(picture), -1, 0)
    l2, a2, b2 = np.moveaxis(srgb_to_lab(reference), -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = _hue(a1 * stretch, b1), _hue(a2 * stretch, b2)
    turn = _hue_difference(h1, h2, c1 * c2)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = _mean_hue(h1, h2, c1 * c2)
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * _hue_weight(mean_h)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    light, chroma, hue = (l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h
    return np.asarray(np.sqrt(np.maximum(light**2 + chroma**2 + hue**2 + rotation * chroma * hue, 0)))


def srgb_to_lab(picture: Picture) -> NDArray[np.float64]:
    """Convert sRGB in [0, 1] to CIE L*a*b* under D65; (..., 3)."""
    encoded = picture.astype(np.float64)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4)
    ratio = linear @ SRGB_TO_XYZ.T / _D65_WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _hue(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.degrees(np.arctan2(b, a)) % 360)


def _hue_difference(
    h1: NDArray[np.float64], h2: NDArray[np.float64], chroma_product: NDArray[np.float64]
) -> NDArray[np.float64]:
    difference = (h2 - h1 + 180) % 360 - 180
    return np.where(chroma_product == 0, 0.0, difference)


def _mean_hue(
    h1: NDArray[np.float64], h2: NDArray[np.float64], chroma_product: NDArray[np.float64]
) -> NDArray[np.float64]:
    total = h1 + h2
    wrapped = np.where(total < 360, total + 360, total - 360)
    mean = np.where(np.abs(h1 - h2) <= 180, total, wrapped) / 2
    return np.where(chroma_product == 0, total, mean)


def _hue_weight(hue: NDArray[np.float64]) -> NDArray[np.float64]:
    terms = ((0.17, 1, -30), (-0.24, 2, 0), (-0.32, 3, 6), (0.20, 4, -63))
    cosines = [sign * np.cos(np.radians(k * hue + shift)) for sign, k, shift in terms]
    return np.asarray(1 - cosines[0] - cosines[1] - cosines[2] - cosines[3])


def _gaussian(x: NDArray[np.float64]) -> NDArray[np.float64]:
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    height, width = x.shape[:2]
    rows = sum(tap * x[i : height - 10 + i] for i, tap in enumerate(taps))
    return np.asarray(sum(tap * rows[:, i : width - 10 + i] for i, tap in enumerate(taps)))


def _check_sizes(picture: Picture, reference: Picture) -> None:
    if picture.shape != reference.shape:
        raise UsageError(f"Pictures of {picture.shape} and {reference.shape} can't be compared; give equal sizes.")


def _check_finite(*pictures: Picture) -> None:
    bad = sum(int(np.count_nonzero(~np.isfinite(picture))) for picture in pictures)
    if bad:
        raise NonFiniteError(f"{bad} values are NaN or infinite; a metric over them would mean nothing.")


def _finite_or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
