"""Unprocessing mirrors the runtime's own steps."""

import json
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.builtin_frames import calibration_frames
from lwisp_export.synthesis.camera import REFERENCE_CAMERA, REFERENCE_TO_SRGB, CameraColor, load_sensors
from lwisp_export.synthesis.mosaic import LUMINANCE, Shot, photograph, sample_cfa, saturate, to_camera
from lwisp_export.synthesis.noise import NoiseLevel, add_noise, load_phones, typical_noise
from lwisp_export.synthesis.pairs import finished, linear_light, make_pair
from lwisp_export.synthesis.shots import ShotRange
from lwisp_export.synthesis.tone import inverse_tone, srgb_decode, srgb_encode, tone
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.curve import inverse_curve
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.cfa import CFA_ORDERS, cfa_offset_px

NO_NOISE = NoiseLevel(0.0, 0.0)
OTHER_CAMERA = CameraColor(((1.6, -0.4, -0.2), (-0.3, 1.7, -0.4), (0.0, -0.5, 1.5)), (2.1, 1.0, 1.4))


def test_tone_and_its_inverse() -> None:
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    assert np.allclose(tone(inverse_tone(values)), values, atol=2e-5)
    assert np.allclose(srgb_decode(srgb_encode(values)), values, atol=1e-6)
    assert (np.diff(tone(values)) > 0).all()


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_preparing_undoes_photographing(cfa: str) -> None:
    """A flat colour, photographed by any camera through any filter order, is the reference camera's light again."""
    linear = np.broadcast_to(np.array([0.3, 0.2, 0.1], np.float32), (33, 47, 3))
    raw = photograph(linear, Shot(OTHER_CAMERA, NO_NOISE, bits=14, cfa=cfa), np.random.default_rng(0))
    light = inverse_curve(prepare(raw, STUDENT_INPUT).planes, STUDENT_INPUT.curve_offset)
    red, green, blue = np.linalg.inv(np.array(REFERENCE_TO_SRGB)) @ [0.3, 0.2, 0.1]
    assert np.abs(light - [red, green, green, blue]).max() < 3e-4


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_pairs_are_aligned_for_every_filter_order(cfa: str) -> None:
    """What `prepare` makes of the mosaic covers exactly the truth, whatever the order."""
    rng = np.random.default_rng(3)
    picture = np.repeat(np.repeat(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), 8, axis=0), 8, axis=1)
    raw, truth = make_pair(picture, Shot(REFERENCE_CAMERA, NO_NOISE, bits=14, cfa=cfa), rng)
    packed = prepare(raw, STUDENT_INPUT)
    top, left = cfa_offset_px(cfa)
    assert raw.mosaic.shape == (64 - top, 64 - left)
    assert packed.planes.shape == (32, 32, 4)
    assert (packed.top_px, packed.left_px) == (top, left)
    green = np.linalg.inv(np.array(REFERENCE_TO_SRGB))[1] @ linear_light(picture).reshape(-1, 3).T
    light = inverse_curve(packed.planes, STUDENT_INPUT.curve_offset)
    assert np.abs(light[2:-2, 2:-2, 1] - green.reshape(64, 64)[4:-4:2, 5:-4:2]).max() < 1e-3
    assert np.allclose(truth, finished(linear_light(picture), 0.0), atol=1e-6)


def test_saturation_keeps_luminance_and_greys() -> None:
    linear = np.random.default_rng(0).random((5, 5, 3), dtype=np.float32)
    strong = saturate(linear, 2.0)
    weights = np.array(LUMINANCE, np.float32)
    assert np.allclose(strong @ weights, linear @ weights, atol=1e-5)
    assert (
        np.abs(strong - strong.mean(axis=-1, keepdims=True)).mean()
        > 1.5 * np.abs(linear - linear.mean(axis=-1, keepdims=True)).mean()
    )
    grey = np.full((2, 2, 3), 0.3, np.float32)
    assert np.allclose(saturate(grey, 2.0), grey, atol=1e-6)
    assert np.array_equal(saturate(linear, 1.0).round(5), linear.round(5))


def test_white_stays_white_when_clipped() -> None:
    """An overexposed grey is white in every plane: no magenta highlights."""
    linear = np.full((32, 32, 3), 0.9, np.float32)
    shot = Shot(OTHER_CAMERA, NO_NOISE, exposure_ev=1.5, bits=12)
    planes = prepare(photograph(linear, shot, np.random.default_rng(0)), STUDENT_INPUT).planes
    assert np.abs(planes - 1).max() < 1e-5


def test_noise_has_the_variance_it_says() -> None:
    level = typical_noise(800)
    light = np.full((400, 400), 0.4, np.float32)
    noisy = add_noise(light, level, np.random.default_rng(0))
    assert noisy.var() == pytest.approx(level.shot * 0.4 + level.read, rel=0.02)
    assert noisy.mean() == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_mosaics_have_their_depth(bits: int) -> None:
    linear = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    raw = photograph(linear, Shot(REFERENCE_CAMERA, typical_noise(3200), bits=bits), np.random.default_rng(0))
    assert raw.white_level == 2**bits - 1
    assert raw.black_level[0] == 2**bits / 16
    assert raw.mosaic.max() <= raw.white_level


def test_a_site_keeps_its_own_colour() -> None:
    rgb = np.zeros((4, 4, 3), np.float32) + np.array([1, 2, 3], np.float32)
    assert sample_cfa(rgb, "BGGR")[:2, :2].tolist() == [[3, 2], [2, 1]]
    assert sample_cfa(rgb, "GRBG")[:2, :2].tolist() == [[2, 1], [3, 2]]


def test_camera_light_is_before_white_balance() -> None:
    grey = to_camera(np.full((1, 1, 3), 0.5, np.float32), OTHER_CAMERA)
    assert np.allclose(grey[0, 0], 0.5 / np.array(OTHER_CAMERA.gains), atol=1e-6)


def test_made_frames_are_always_the_same_and_reach_white() -> None:
    first, second = calibration_frames(), calibration_frames()
    assert all(np.array_equal(a.raw.mosaic, b.raw.mosaic) for a, b in zip(first, second))
    assert max(float(prepare(frame.raw, STUDENT_INPUT).planes.min(axis=-1).max()) for frame in first) == 1.0


def test_measured_sensors_and_phones_load(data_folder: Path) -> None:
    sensors = load_sensors(data_folder / "sensor" / "color_calibration.json")
    phones = load_phones(data_folder / "sensor" / "phone_noise.json")
    shots = [ShotRange(sensors, phones).sample(np.random.default_rng(seed)) for seed in range(300)]
    assert len(sensors) > 15
    assert len(phones) == 12
    assert {shot.cfa for shot in shots} == set(CFA_ORDERS)
    assert {shot.bits for shot in shots} == {10, 12, 14}
    assert all(min(shot.color.gains) == 1 and max(shot.color.gains) < 8 for shot in shots)
    assert all(np.allclose(np.array(shot.color.to_srgb).sum(axis=1), 1) for shot in shots)
    assert min(shot.iso or 0 for shot in shots) < 100
    assert max(shot.iso or 0 for shot in shots) > 1600


@pytest.mark.parametrize("text", ["", "{}", "[1]", json.dumps({"sensors": {"a": {"awb_ct_curve": [{}]}}})])
def test_broken_calibrations_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sensors.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"sensors\.json"):
        load_sensors(path)
