"""The oracle pipelines."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_export.evaluation.classical import (
    PIPELINES,
    balanced_mosaic,
    denoise,
    finish,
    libraw_ahd,
    libraw_picture,
    menon,
)
from lwisp_export.synthesis.camera import CameraColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import NoiseLevel
from lwisp_export.synthesis.pairs import make_pair
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.errors import UsageError
from lwisp_mobile.metrics import psnr_db
from lwisp_mobile.output.tone import apply_tone
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.image import RawImage

CAMERA = CameraColor(((1.6, -0.4, -0.2), (-0.3, 1.7, -0.4), (0.0, -0.5, 1.5)), (2.1, 1.0, 1.4))


def smooth_frame(cfa: str = "RGGB", noise: NoiseLevel = NoiseLevel(0, 0)) -> tuple[RawImage, np.ndarray]:  # noqa: B008
    y, x = np.mgrid[0:64, 0:96]
    waves = [110 + 60 * np.sin(x / 15 + k) * np.cos(y / 13 - k) for k in (0.0, 0.2, 0.4)]
    picture = np.stack(waves, axis=-1).astype(np.uint8)
    raw, truth = make_pair(picture, Shot(CAMERA, noise, bits=14, cfa=cfa), np.random.default_rng(0))
    return raw, truth[truth.shape[0] - raw.height_px :, truth.shape[1] - raw.width_px :]


@pytest.mark.parametrize("demosaic", [menon, libraw_ahd])
@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_an_oracle_restores_a_smooth_clean_frame(demosaic: object, cfa: str) -> None:
    """It knows the camera, so without noise and detail little is left to get wrong, whatever the filter order."""
    raw, truth = smooth_frame(cfa)
    picture = finish(demosaic(raw), CAMERA.to_srgb)  # type: ignore[operator]
    assert picture.shape == truth.shape
    assert psnr_db(picture[8:-8, 8:-8], truth[8:-8, 8:-8]) > 42


def test_denoising_helps_a_noisy_frame() -> None:
    raw, truth = smooth_frame(noise=NoiseLevel(2e-3, 1e-4))
    plain, denoised = finish(menon(raw), CAMERA.to_srgb), finish(denoise(menon(raw)), CAMERA.to_srgb)
    assert psnr_db(denoised, truth) > psnr_db(plain, truth) + 1


def test_balancing_makes_grey_equal_and_clips() -> None:
    raw, _ = make_pair(
        np.full((32, 32, 3), 128, np.uint8), Shot(CAMERA, NoiseLevel(0, 0), bits=14), np.random.default_rng()
    )
    assert np.ptp(balanced_mosaic(raw)) < 1e-3
    assert balanced_mosaic(replace(raw, mosaic=np.full_like(raw.mosaic, 16383))).max() == 1


def test_an_oracle_needs_the_true_matrix() -> None:
    raw, _ = smooth_frame()
    with pytest.raises(UsageError, match="true colour matrix"):
        PIPELINES[0].develop(replace(raw, camera_to_srgb=None))


@pytest.mark.parametrize("rendered", ["neutral", "contrast"])
def test_an_oracle_finishes_in_the_tone_asked_for(rendered: RenderedTone) -> None:
    raw, truth = smooth_frame()
    wanted = apply_tone(truth, rendered="contrast", wanted=rendered)
    for pipeline in PIPELINES:
        picture = pipeline.develop(raw, rendered)
        assert psnr_db(picture[8:-8, 8:-8], wanted[8:-8, 8:-8]) > 38


def test_turned_frames_stay_as_the_mosaic_lies() -> None:
    """LibRaw turns pictures by the file's orientation, if it has one."""
    raw, _ = smooth_frame()
    turned = replace(raw, orientation=6)
    assert np.array_equal(libraw_ahd(turned), libraw_ahd(raw))
    assert libraw_picture(turned).shape == (*raw.mosaic.shape, 3)
