"""How much of a picture's fine texture is kept: amplitudes in bands of spatial frequency, over textured windows.

Luma (Rec. BT.709's weights on finished values) of windows of WINDOW_PX, their means removed, under a Hann window; P and
T are the 2-D spectra of a picture and of its truth. With sums over a band's frequencies, low <= |f| < high cycles per
px, and over all textured windows:

    amplitude = sqrt(sum |P|^2 / sum |T|^2)      what is there; noise that is left adds to it
    coherent  = sum Re(P conj T) / sum |T|^2     what is there of the truth's own texture; noise averages out
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.mosaic import LUMINANCE

WINDOW_PX = 64
BANDS = ((0.15, 0.2), (0.3, 0.4))
"""Cycles per pixel; 0.5 is the finest there is along a row."""
TEXTURED = 3 / 255
"""Standard deviation of the truth's luma between the first band's start and the last one's end that makes a window
textured."""

F32 = NDArray[np.float32]
Spectra = NDArray[np.complex128]
Corner = tuple[int, int]


@dataclass(frozen=True)
class BandAmplitude:
    """What a picture keeps in one band; 1 is all of it. By the module's formulas."""

    band_cycles_per_px: tuple[float, float]
    amplitude: float
    coherent: float


def textured_windows(truth: F32, counted: NDArray[np.bool_]) -> tuple[Corner, ...]:
    """Top and left of the textured windows, side by side, whose every pixel counts.

    truth: (H, W, 3) in [0, 1]. counted: (H, W).
    """
    height, width = counted.shape
    corners = [
        (top, left)
        for top in range(0, height - WINDOW_PX + 1, WINDOW_PX)
        for left in range(0, width - WINDOW_PX + 1, WINDOW_PX)
        if counted[top : top + WINDOW_PX, left : left + WINDOW_PX].all()
    ]
    if not corners:
        return ()
    power = np.abs(_spectra(truth, corners)) ** 2
    # Parseval: a spectrum's power over the count and over the window's own energy is a variance.
    variance = power[:, _in_band(BANDS[0][0], BANDS[-1][1])].sum(axis=1) / (WINDOW_PX**2 * (_hann() ** 2).sum())
    return tuple(corner for corner, value in zip(corners, variance) if value >= TEXTURED**2)


def band_amplitudes(picture: F32, truth: F32, windows: Sequence[Corner]) -> tuple[BandAmplitude, ...]:
    """What a picture keeps of its truth in each of BANDS; nothing if there are no windows. Both (H, W, 3) in [0, 1]."""
    if not windows:
        return ()
    found, true = _spectra(picture, windows), _spectra(truth, windows)
    return tuple(_compare(found, true, band) for band in BANDS)


def _compare(found: Spectra, true: Spectra, band: tuple[float, float]) -> BandAmplitude:
    inside = _in_band(*band)
    found, true = found[:, inside], true[:, inside]
    power = float((np.abs(true) ** 2).sum())
    amplitude = float(np.sqrt((np.abs(found) ** 2).sum() / power))
    return BandAmplitude(band, amplitude, coherent=float((found * true.conj()).real.sum() / power))


def _spectra(rgb: F32, corners: Sequence[Corner]) -> Spectra:
    """Spectra of the luma of windows, (n, WINDOW_PX, WINDOW_PX)."""
    luma = rgb.astype(np.float64) @ np.array(LUMINANCE)
    windows = np.stack([luma[top : top + WINDOW_PX, left : left + WINDOW_PX] for top, left in corners])
    return np.asarray(np.fft.fft2((windows - windows.mean(axis=(1, 2), keepdims=True)) * _hann()))


def _hann() -> NDArray[np.float64]:
    taps = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW_PX) + 0.5) / WINDOW_PX)
    return np.outer(taps, taps)


def _in_band(low: float, high: float) -> NDArray[np.bool_]:
    frequency = np.fft.fftfreq(WINDOW_PX)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    return np.asarray((radius >= low) & (radius < high))
