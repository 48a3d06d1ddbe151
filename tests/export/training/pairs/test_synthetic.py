"""Synthetic pairs: noise as demosaicing leaves it, and darker light."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import to_camera
from lwisp_export.synthesis.noise import NoiseLevel, typical_noise
from lwisp_export.training.pairs.pair_batches import PairBatches, whole_pairs
from lwisp_export.training.pairs.synthetic import (
    ENHANCE_EXPOSURE_EV,
    Retake,
    SyntheticPairs,
    demosaiced_noise,
    from_camera,
    retake,
)
from lwisp_export.training.validation import input_psnr_db
from lwisp_mobile.errors import UsageError
from tests.export.pair_files import NO_NOISE, picture


def test_a_retake_without_noise_is_the_photograph() -> None:
    photograph = picture(2)
    again = retake(photograph, Retake(REFERENCE_CAMERA, NO_NOISE, 0.0), np.random.default_rng(0))
    assert np.abs(again * 255 - photograph).max() <= 1
    light = np.random.default_rng(1).random((4, 5, 3), dtype=np.float32)
    assert np.allclose(from_camera(to_camera(light, REFERENCE_CAMERA), REFERENCE_CAMERA), light, atol=1e-5)


def test_noise_is_coloured_and_correlated_as_demosaicing_leaves_it() -> None:
    """Bilinear weights: a missing red is the mean of 2 or 4 sites, so red keeps 9/16 of its variance, green 5/8."""
    noise = demosaiced_noise(np.full((256, 256, 3), 0.25, np.float32), NoiseLevel(0.0, 1.0), np.random.default_rng(0))
    inner = noise[1:-1, 1:-1]
    assert inner.var(axis=(0, 1)) == pytest.approx([9 / 16, 5 / 8, 9 / 16], rel=0.05)
    neighbours = np.mean(inner[:, 1:] * inner[:, :-1], axis=(0, 1)) / inner.var(axis=(0, 1))
    assert (neighbours > 0.3).all()


def test_darker_light_is_noisier_relative_to_itself() -> None:
    grey = np.full((128, 128, 3), 128, np.uint8)
    takes = [
        retake(grey, Retake(REFERENCE_CAMERA, typical_noise(iso), exposure), np.random.default_rng(0))
        for iso, exposure in ((100, 0.0), (1600, 0.0), (1600, -2.0))
    ]
    relative = [take.std() / take.mean() for take in takes]
    assert relative[0] < 0.5 * relative[1] < 0.5 * relative[2]
    assert takes[2].mean() < 0.4 * takes[1].mean()


def test_synthetic_denoise_inputs_score_worse_at_higher_iso(denoise: SyntheticPairs) -> None:
    scores = input_psnr_db(tuple(whole_pairs(denoise)))
    assert 40 > scores["iso100"] > scores["iso800"] + 3 > scores["iso3200"] + 6 > 15


def test_synthetic_enhance_inputs_are_dark_and_their_truth_is_not(denoise: SyntheticPairs) -> None:
    enhance = replace(denoise, retakes=replace(denoise.retakes, exposure_ev=ENHANCE_EXPOSURE_EV))
    assert all(pair.planes.mean() < 0.6 * pair.truth.mean() for pair in enhance.whole())
    truths = [pair.truth for pair in enhance.whole()]
    assert all(np.array_equal(np.rint(truth * 255), picture(5)[:, 4:132]) for truth in truths)


def test_a_photograph_smaller_than_the_patch_is_refused(denoise: SyntheticPairs) -> None:
    with pytest.raises(UsageError, match="has 136x112 px; patches of 128 px need 128x128"):
        PairBatches(denoise, 128, batch=1, seed=0, steps=1)[0]
