"""Evaluation: the oracles are fair, the frames fixed, the table complete."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.evaluation.classical import PIPELINES, balanced_mosaic, denoise, finish, libraw_ahd, menon
from lwisp_export.evaluation.method_scores import EVALUATION_ISOS, Method, evaluate
from lwisp_export.synthesis.camera import CameraColor
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import NoiseLevel
from lwisp_export.synthesis.pairs import make_pair
from lwisp_export.synthesis.validation_frames import validation_frames
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.metrics import psnr_db
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.image import RawImage
from tests.export.training_data import write_data

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


def test_frames_are_fixed_and_cut_to_the_multiple() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (70, 100, 3), dtype=np.uint8)
    first, again = (validation_frames([picture], (), (100, 3200)) for _ in range(2))
    assert all(np.array_equal(a.raw.mosaic, b.raw.mosaic) for a, b in zip(first, again))
    assert [frame.iso for frame in first] == [100, 3200]
    assert first[0].truth.shape == (64, 96, 3)


def test_scores_are_means_over_pictures() -> None:
    pictures = [np.full((32, 32, 3), value, np.uint8) for value in (100, 150)]
    frames = validation_frames(pictures, (), (100,))
    truths = {id(frame.raw): frame.truth for frame in frames}
    off = Method("off", lambda raw: truths[id(raw)] + np.float32(0.1))
    (result,) = evaluate([off], frames, lambda _name: None)
    assert result.scores[0].pictures == 2
    assert result.scores[0].psnr_db == pytest.approx(20, abs=1e-4)
    assert result.mean_psnr_db([100]) == result.scores[0].psnr_db


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'name = "r"\n[data]\nphotos = ["photos"]\nvalidation = ["photos/3.png"]\n'
        'sensors = "sensors.json"\nnoise = "noise.json"\npatch_px = 64\n'
    )
    assert main(["evaluate", "--data", str(data), "--recipe", str(recipe), "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [result["method"] for result in results[:2]] == ["lwisp fp16", "lwisp int8"]
    assert len(results) == 2 + len(PIPELINES)
    assert all([score["iso"] for score in result["scores"]] == list(EVALUATION_ISOS) for result in results)
    shutil.rmtree(data / "photos")
    assert main(["evaluate", "--data", str(data), "--recipe", str(recipe)]) == 2
    assert "isn't a folder" in capsys.readouterr().err
