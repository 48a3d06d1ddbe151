"""The semi-real benchmark."""

import numpy as np
import pytest

from lwisp_export.evaluation.method_scores import Method
from lwisp_export.evaluation.scenes import Scene
from lwisp_export.evaluation.semi_real import (
    SEMI_REAL_ISOS,
    photograph_scene,
    score,
    score_scene,
    semi_real_table,
    truth_of,
)
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import sample_cfa
from lwisp_export.synthesis.noise import typical_noise
from lwisp_mobile.progress import silent


def scene() -> Scene:
    """Grey texture; one quarter is clipped."""
    rng = np.random.default_rng(0)
    grey = rng.uniform(0.1, 0.5, (128, 128, 1)).astype(np.float32)
    counted = np.ones((128, 128), bool)
    counted[64:, 64:] = False
    return Scene("a.dng", grey / np.array(REFERENCE_CAMERA.gains, np.float32), counted, REFERENCE_CAMERA)


def test_the_truth_itself_is_perfect_and_clipped_pixels_dont_matter() -> None:
    truth = truth_of(scene(), "contrast")
    assert truth.windows == ((0, 0), (0, 64), (64, 0))
    picture = truth.rgb.copy()
    picture[64:, 64:] = 1
    perfect = score(truth, 1, "perfect", picture)
    assert perfect.psnr_db is None
    assert (perfect.ssim, perfect.delta_e) == (1, 0)
    assert all((band.amplitude, band.coherent) == pytest.approx((1, 1)) for band in perfect.bands)


def test_a_blurred_picture_keeps_less_and_the_same_error_has_the_same_psnr() -> None:
    truth = truth_of(scene(), "neutral")
    blurred = (truth.rgb + np.roll(truth.rgb, 1, axis=0) + np.roll(truth.rgb, 1, axis=1)) / 3
    found = score(truth, 1, "blurred", blurred)
    assert found.bands[1].amplitude < found.bands[0].amplitude < 0.9
    assert found.psnr_db is not None
    assert found.psnr_db < 30
    assert score(truth, 1, "off", truth.rgb + np.float32(0.01)).psnr_db == pytest.approx(40, abs=1e-3)


@pytest.mark.parametrize("iso", SEMI_REAL_ISOS)
def test_the_mosaic_has_the_noise_it_says(iso: int) -> None:
    raw = photograph_scene(scene(), iso)
    light = (raw.mosaic - np.float32(raw.black_level[0])) / np.float32(raw.white_level - raw.black_level[0])
    clean, level = sample_cfa(scene().light, "RGGB"), typical_noise(iso)
    sigma = np.sqrt(level.shot * clean + level.read)
    assert raw.noise_profile == level.profile()
    assert np.std((light - clean) / sigma) == pytest.approx(1, abs=0.03)
    assert np.array_equal(raw.mosaic, photograph_scene(scene(), iso).mosaic)


def test_every_method_is_scored_at_every_iso() -> None:
    truth = truth_of(scene(), "contrast").rgb
    methods = [Method("perfect", lambda raw: truth), Method("grey", lambda raw: np.full_like(truth, 0.5))]
    scores = score_scene(scene(), methods, "contrast", silent)
    assert [(one.iso, one.method) for one in scores[:2]] == [(1, "perfect"), (1, "grey")]
    assert [one.iso for one in scores[::2]] == list(SEMI_REAL_ISOS)
    lines = semi_real_table(scores)
    assert lines[2].split() == ["ISO", "1,", "perfect", "inf", "1.0000", "0.00", "1.00", "1.00", "1.00", "1.00"]
    assert lines[3].split()[-4:] == ["0.00"] * 4
    assert lines[-1] == "a.dng: 3 textured windows"


def test_a_flat_scene_has_no_amplitudes() -> None:
    flat = Scene("b.dng", np.full((64, 64, 3), 0.2, np.float32), np.ones((64, 64), bool), REFERENCE_CAMERA)
    truth = truth_of(flat, "contrast")
    found = score(truth, 1, "same", truth.rgb)
    assert found.bands == ()
    assert semi_real_table([found])[2].endswith("-")
