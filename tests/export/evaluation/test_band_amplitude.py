"""Amplitude kept in bands of spatial frequency."""

import numpy as np
import pytest

from lwisp_export.evaluation.band_amplitude import BANDS, TEXTURED, WINDOW_PX, band_amplitudes, textured_windows

SIDE_PX = 4 * WINDOW_PX


def noise_picture(seed: int, sigma: float = 0.08) -> np.ndarray:
    grey = 0.5 + sigma * np.random.default_rng(seed).standard_normal((SIDE_PX, SIDE_PX, 1))
    return np.repeat(grey, 3, axis=2).astype(np.float32)


def everywhere() -> np.ndarray:
    return np.ones((SIDE_PX, SIDE_PX), bool)


def test_the_truth_keeps_all_and_half_the_contrast_half() -> None:
    truth = noise_picture(0)
    windows = textured_windows(truth, everywhere())
    assert len(windows) == 16
    for band in band_amplitudes(truth, truth, windows):
        assert (band.amplitude, band.coherent) == pytest.approx((1, 1), abs=1e-12)
    for band in band_amplitudes((truth + 0.5) / 2, truth, windows):
        assert (band.amplitude, band.coherent) == pytest.approx((0.5, 0.5), abs=1e-6)


def test_a_blur_keeps_what_its_transfer_function_says() -> None:
    """1-2-1 along both sides: cos^2(pi f) each; the mean of its square over the band, of white noise."""
    truth = noise_picture(1)
    rows = np.roll(truth, 1, 0) / 4 + truth / 2 + np.roll(truth, -1, 0) / 4
    blurred = np.roll(rows, 1, 1) / 4 + rows / 2 + np.roll(rows, -1, 1) / 4
    frequency = np.fft.fftfreq(256)
    transfer = np.outer(*[np.cos(np.pi * frequency) ** 2] * 2)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    kept = band_amplitudes(blurred, truth, textured_windows(truth, everywhere()))
    for band, (low, high) in zip(kept, BANDS):
        inside = (radius >= low) & (radius < high)
        assert band.amplitude == pytest.approx(np.sqrt((transfer[inside] ** 2).mean()), abs=0.02)
        assert band.coherent == pytest.approx(transfer[inside].mean(), abs=0.02)
    assert kept[1].amplitude < kept[0].amplitude < 0.85


def test_noise_adds_to_the_amplitude_and_not_to_the_coherent_part() -> None:
    truth = noise_picture(2)
    noisy = truth + noise_picture(3) - np.float32(0.5)
    for band in band_amplitudes(noisy, truth, textured_windows(truth, everywhere())):
        assert band.amplitude == pytest.approx(np.sqrt(2), abs=0.08)
        assert band.coherent == pytest.approx(1, abs=0.08)


def test_flat_windows_and_those_with_clipped_pixels_are_left_out() -> None:
    truth, counted = noise_picture(4), everywhere()
    truth[:WINDOW_PX] = 0.5
    truth[WINDOW_PX : 2 * WINDOW_PX] = 0.5 + (truth[WINDOW_PX : 2 * WINDOW_PX] - 0.5) * np.float32(TEXTURED)
    counted[3 * WINDOW_PX + 5, 7] = False
    windows = textured_windows(truth, counted)
    assert {top for top, _ in windows} == {2 * WINDOW_PX, 3 * WINDOW_PX}
    assert len(windows) == 7
    assert (3 * WINDOW_PX, 0) not in windows
    assert textured_windows(truth, ~everywhere()) == ()
    assert band_amplitudes(truth, truth, ()) == ()


def test_a_windows_variance_is_measured_right() -> None:
    """A wave within the bands, of a standard deviation just under and just over the limit."""
    wave = np.sqrt(2) * np.sin(2 * np.pi * 0.25 * np.arange(SIDE_PX) + 0.4)
    for factor, textured in ((0.97, 0), (1.03, 16)):
        grey = 0.5 + factor * TEXTURED * np.broadcast_to(wave[None, :, None], (SIDE_PX, SIDE_PX, 3))
        assert len(textured_windows(grey.astype(np.float32), everywhere())) == textured
