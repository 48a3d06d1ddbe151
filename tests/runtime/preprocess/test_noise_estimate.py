"""Noise estimated from mosaics of known noise, flat and textured: within 25 % in standard deviation on 9 of 10."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import Shot, photograph
from lwisp_export.synthesis.noise import NoiseLevel, load_phones, typical_noise
from lwisp_export.synthesis.pairs import linear_light
from lwisp_export.training.photos import read_picture
from lwisp_mobile.preprocess.noise_estimate import Level, estimate_noise, fit_line, haar_energies

ISOS = (50, 100, 200, 400, 800, 1600, 3200)
JUDGED_AT = (0.02, 0.1, 0.4)
"""Light at which the estimate's standard deviation is compared with the truth."""
REDUCED = 2
"""Photographs are averaged over squares of so many pixels: they have noise of their own."""


def flat(rng: np.random.Generator) -> np.ndarray:
    """Patches of 48 colours."""
    return np.kron(rng.random((6, 8, 3)) * 0.7 + 0.01, np.ones((96, 96, 1))).astype(np.float32)


def textured(rng: np.random.Generator) -> np.ndarray:
    """Gradients under waves and fine grain, on half of a chessboard each; a sixth is left smooth."""
    y, x = np.mgrid[:576, :768]
    waves = np.where((y // 96 + x // 96) % 2 == 0, 0.3 * np.sin(0.9 * x) * np.sin(0.7 * y + 1), 0)
    grain = np.where(y // 64 % 3 == 0, rng.standard_normal(x.shape) * 0.15, 0)
    scene = (0.02 + 0.6 * (x / 768) ** 2) * (1 + waves + grain)
    return np.clip(scene[..., None] * (1, 0.8, 0.6), 0, 1).astype(np.float32)


def worst_ratio(scene: np.ndarray, noise: NoiseLevel, iso: int) -> float:
    """The largest deviation of the estimated standard deviation from the true one, relative."""
    bits = 10 if iso % 100 else 12
    found = estimate_noise(photograph(scene, Shot(REFERENCE_CAMERA, noise, bits=bits), np.random.default_rng(iso)))
    assert found is not None
    ratios = [
        np.sqrt((found.scale[0] * light + found.offset[0]) / (noise.shot * light + noise.read)) for light in JUDGED_AT
    ]
    return max(abs(float(ratio) - 1) for ratio in ratios)


@pytest.mark.parametrize("iso", ISOS)
@pytest.mark.parametrize("scene", [flat, textured])
def test_made_scenes_within_25_percent(scene: Callable[[np.random.Generator], np.ndarray], iso: int) -> None:
    assert worst_ratio(scene(np.random.default_rng(iso)), typical_noise(iso), iso) < 0.25


def test_photographs_under_measured_phones_noise_9_of_10_within_25_percent(data_folder: Path) -> None:
    phones = load_phones(data_folder / "sensor" / "phone_noise.json")
    found = [
        worst_ratio(reduced(read_picture(path)), phones[(index + place) % len(phones)].at(iso), iso)
        for place, path in enumerate(sorted((data_folder / "rgb" / "clic").iterdir())[:6])
        for index, iso in enumerate(ISOS)
    ]
    assert np.mean(np.array(found) < 0.25) >= 0.9


def reduced(photo: np.ndarray) -> np.ndarray:
    height, width = (side // REDUCED for side in photo.shape[:2])
    linear = linear_light(photo[: height * REDUCED, : width * REDUCED])
    return linear.reshape(height, REDUCED, width, REDUCED, 3).mean(axis=(1, 3))


def test_equal_mosaics_get_equal_noise_and_tiny_or_clipped_ones_none() -> None:
    raw = photograph(
        flat(np.random.default_rng(0)), Shot(REFERENCE_CAMERA, typical_noise(400)), np.random.default_rng(0)
    )
    assert estimate_noise(raw) == estimate_noise(raw)
    white = np.ones((64, 64, 3), np.float32) * 2
    assert estimate_noise(photograph(white, Shot(REFERENCE_CAMERA, NoiseLevel(0, 0)), np.random.default_rng(0))) is None
    small = np.full((24, 24, 3), 0.2, np.float32)
    assert (
        estimate_noise(photograph(small, Shot(REFERENCE_CAMERA, typical_noise(400)), np.random.default_rng(0))) is None
    )


def test_haar_energies_of_white_noise_are_its_variance_and_of_gradients_none() -> None:
    noise = np.rint(np.random.default_rng(0).standard_normal((4000, 8, 8)) * 100).astype(np.int64)
    diagonal, other = haar_energies(noise)
    assert diagonal.mean() / 64 == pytest.approx(100**2, rel=0.02)
    assert other.mean() / 64 == pytest.approx((2 + 15 / 16) * 100**2, rel=0.02)
    assert abs(np.corrcoef(diagonal, other)[0, 1]) < 0.05
    y, x = np.mgrid[:8, :8]
    assert haar_energies((3 * y + 5 * x + 100)[None].astype(np.int64))[0] == 0


def test_a_line_ignores_levels_that_hold_nothing_flat_and_is_never_negative() -> None:
    levels = [Level(x, 1e-4 * x + 1e-6) for x in (0.01, 0.05, 0.1, 0.3, 0.6)]
    assert fit_line([*levels, Level(0.2, 5e-4)]) == pytest.approx((1e-4, 1e-6), rel=1e-6)
    assert fit_line([Level(0.1, 1e-5), Level(0.2, 1e-5 / 2)])[0] == 0
    assert fit_line([Level(0.1, 1e-6), Level(0.2, 4e-6)])[1] == 0
    assert fit_line([Level(0.2, 1e-6)]) == (0.0, 1e-6)
