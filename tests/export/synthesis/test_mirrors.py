"""Each step of the pre-processing undoes its mirror image of the synthesis."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB, CameraColor
from lwisp_export.synthesis.exposure import EXPOSURE_KNEE, unexpose
from lwisp_export.synthesis.mosaic import Shot, photograph, soften, stick
from lwisp_export.synthesis.noise import NoiseLevel, typical_noise
from lwisp_export.synthesis.pairs import linear_light, make_pair
from lwisp_export.synthesis.shading import falloff_maps, shade
from lwisp_export.synthesis.tone import srgb_encode, tone
from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract
from lwisp_mobile.output.tone import apply_tone
from lwisp_mobile.preprocess.curve import curve, inverse_curve
from lwisp_mobile.preprocess.exposure import expose, shoulder
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.preprocess.shading import LensShading
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.cfa import CFA_ORDERS, unpack

CAMERA = CameraColor(((1.6, -0.4, -0.2), (-0.3, 1.7, -0.4), (0.0, -0.5, 1.5)), (2.1, 1.0, 1.4))
CONTRACT = InputContract(
    planes=(*MOSAIC_PLANES, NOISE_PLANE),
    reference_to_srgb=REFERENCE_TO_SRGB,
    color_shift="smoothed",
    exposure_knee=EXPOSURE_KNEE,
)
NO_NOISE = NoiseLevel(0.0, 0.0)
LIGHT = arrays(np.float32, (5, 7), elements=st.floats(0, 1, width=32))


@given(LIGHT, st.floats(-3, 3))
def test_exposure_undoes_unexpose(light: np.ndarray, ev: float) -> None:
    assert np.abs(expose(unexpose(light, ev), shoulder(ev, EXPOSURE_KNEE)) - light).max() < 2e-5


@given(LIGHT, st.floats(0, 1))
def test_the_curve_undoes_its_inverse(values: np.ndarray, offset: float) -> None:
    offset = 1e-4 + offset / 100
    assert np.abs(curve(inverse_curve(values, offset), offset) - values).max() < 1e-4


@given(LIGHT)
def test_tones_undo_each_other(linear: np.ndarray) -> None:
    neutral = apply_tone(tone(linear), rendered="contrast", wanted="neutral")
    assert np.abs(neutral - tone(linear, "neutral")).max() < 2e-4
    assert np.array_equal(tone(linear, "neutral"), srgb_encode(linear))


@given(arrays(np.float32, (10, 14), elements=st.floats(0, 1, width=32)), st.tuples(*[st.floats(1, 3)] * 4))
def test_shading_gains_undo_shade(light: np.ndarray, corners: tuple[float, float, float, float]) -> None:
    maps = falloff_maps(light.shape, corners)
    raw = replace(photograph(np.zeros((10, 14, 3), np.float32), Shot(CAMERA, NO_NOISE), rng(0)), gain_maps=maps)
    gains = LensShading(raw, np.arange(10), np.arange(14)).over(Window(slice(0, 5), slice(0, 7)))
    assert np.allclose(shade(light, maps) * unpack(gains.transpose(1, 2, 0)), light, rtol=1e-5)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(max_examples=25)
@given(
    st.sampled_from(CFA_ORDERS),
    st.tuples(*[st.floats(0.02, 0.5)] * 3),
    st.floats(-1.0, 2.0),
    st.tuples(*[st.floats(1, 2.5)] * 4),
)
def test_preparing_undoes_photographing_through_any_lens_at_any_exposure(
    cfa: str, color: tuple[float, float, float], ev: float, corners: tuple[float, float, float, float]
) -> None:
    """A flat colour becomes the reference camera's light again, in the middle and in the corners."""
    reference = np.clip(np.linalg.inv(np.array(REFERENCE_TO_SRGB)) @ color, 0, 1)
    linear = (np.array(REFERENCE_TO_SRGB) @ reference).astype(np.float32)
    shot = Shot(CAMERA, NO_NOISE, bits=14, cfa=cfa, shading=corners, baseline_exposure_ev=ev)
    raw = photograph(np.broadcast_to(linear, (65, 47, 3)), shot, rng(0))
    light = inverse_curve(prepare(raw, CONTRACT).planes[..., :4], CONTRACT.curve_offset)
    unclipped = raw.mosaic.max() < raw.white_level and raw.mosaic.min() > raw.black_level[0]
    if unclipped:
        assert np.abs(light - reference[[0, 1, 1, 2]]).max() < 3e-3


def test_the_noise_told_is_the_noise_drawn_times_a_factor() -> None:
    scene = np.full((64, 64, 3), 0.2, np.float32)
    shot = Shot(CAMERA, typical_noise(800), bits=14)
    planes = prepare(photograph(scene, shot, rng(1)), CONTRACT).planes
    doubled = prepare(photograph(scene, replace(shot, told_noise=2.0), rng(1)), CONTRACT).planes
    assert np.array_equal(planes[..., :4], doubled[..., :4])
    assert doubled[..., 4] == pytest.approx(2 * planes[..., 4], rel=0.02)
    assert np.median(planes[..., 4]) == pytest.approx(planes[..., 1].std() / CONTRACT.noise_full_scale, rel=0.25)


def test_shading_makes_corners_noisier() -> None:
    scene = np.full((128, 128, 3), 0.1, np.float32)
    shot = Shot(CAMERA, typical_noise(800), bits=14, shading=(3.0, 3.0, 3.0, 3.0))
    planes = prepare(photograph(scene, shot, rng(1)), CONTRACT).planes
    corner, middle = planes[:6, :6], planes[28:36, 28:36]
    assert corner[..., 1].std() > 1.3 * middle[..., 1].std()
    assert np.median(corner[..., 4]) > 1.3 * np.median(middle[..., 4])


def test_pixels_stick_at_black_and_white_and_none_without_a_share() -> None:
    light = np.full((200, 200), 0.3, np.float32)
    stuck = stick(light, 0.02, rng(0))
    assert (stuck == 0).mean() == pytest.approx(0.01, rel=0.3)
    assert (stuck == 1).mean() == pytest.approx(0.01, rel=0.3)
    before = rng(0)
    assert stick(light, 0.0, before) is light
    assert before.random() == rng(0).random()


def test_truths_can_be_neutral_and_mosaics_stay_the_same() -> None:
    picture = rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    shot = Shot(CAMERA, typical_noise(100))
    raw, truth = make_pair(picture, shot, rng(1), "neutral")
    today, rendered = make_pair(picture, shot, rng(1))
    assert np.array_equal(raw.mosaic, today.mosaic)
    assert truth == pytest.approx(srgb_encode(linear_light(picture)), abs=1e-6)
    assert np.abs(apply_tone(truth, rendered="neutral", wanted="contrast") - rendered).max() < 1e-6


def test_a_neutral_photograph_is_its_own_truth() -> None:
    picture = rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    raw, truth = make_pair(picture, Shot(CAMERA, NO_NOISE), rng(1), "neutral", "neutral")
    assert truth == pytest.approx(picture / 255, abs=1e-5)
    assert not np.array_equal(raw.mosaic, make_pair(picture, Shot(CAMERA, NO_NOISE), rng(1), "neutral")[0].mosaic)


def test_a_soft_lens_blurs_scene_and_truth_alike() -> None:
    point = np.zeros((21, 21, 3), np.float32)
    point[10, 10] = 1
    blurred = soften(point, 0.8)
    distance2 = (np.arange(21)[:, None] - 10) ** 2 + (np.arange(21) - 10) ** 2
    assert blurred.sum(axis=(0, 1)) == pytest.approx(1, abs=1e-5)
    assert (blurred[..., 1] * distance2).sum() == pytest.approx(2 * 0.8**2, rel=0.01)
    assert soften(np.full_like(point, 0.3), 1.0) == pytest.approx(0.3, abs=1e-6)
    assert soften(point, 0.0) is point
    picture = rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    sharp, soft = (make_pair(picture, Shot(CAMERA, NO_NOISE, softness_px=sigma), rng(1)) for sigma in (0.0, 1.0))
    assert np.abs(np.diff(soft[1], axis=0)).mean() < 0.5 * np.abs(np.diff(sharp[1], axis=0)).mean()
    assert not np.array_equal(sharp[0].mosaic, soft[0].mosaic)
