"""Preparation: any part of a frame equals the whole bit for bit, stages can be left out, notes say what was done."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import Preparation, prepare
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.corrections import BadPixels, GainMap, NoiseProfile, VignetteRadial
from lwisp_mobile.raw.image import RawImage

REFERENCE = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.5), (-0.04, -0.66, 1.7))
CAMERA = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
EVERYTHING = InputContract(
    planes=(*MOSAIC_PLANES, NOISE_PLANE),
    size_multiple=8,
    reference_to_srgb=REFERENCE,
    color_shift="smoothed",
    exposure_knee=0.5,
)


def frame(cfa: str = "GBRG", height: int = 90, width: int = 75) -> RawImage:
    """A noisy frame with every correction a file can ask for."""
    rng = np.random.default_rng(0)
    return RawImage(
        mosaic=rng.integers(40, 1024, (height, width)).astype(np.uint16),
        cfa=cfa,
        black_level=(64.0, 63.25, 65.5, 66.0),
        white_level=1023.0,
        wb_gains=(1.93, 1.0, 1.57),
        camera_to_srgb=CAMERA,
        gain_maps=(
            GainMap(0, 0, height, width, 1, 1, 0, 0, 0.25, 0.5, rng.uniform(1, 2, (5, 3, 1)).astype(np.float32)),
        ),
        vignette=(VignetteRadial((0.2, 0.1, 0, 0, 0), 0.5, 0.5),),
        bad_pixels=(BadPixels(constant=500, points=rng.integers(0, 75, (20, 2)).astype(np.int32)),),
        baseline_exposure_ev=0.5,
        noise_profile=NoiseProfile((1e-4, 2e-4, 3e-4), (1e-6,) * 3),
    )


SIDES = st.tuples(st.integers(0, 30), st.integers(1, 9))


@settings(max_examples=40)
@given(st.sampled_from(CFA_ORDERS), SIDES, SIDES, st.sampled_from(["auto", 0.25]))
def test_any_part_equals_the_whole(
    cfa: str, rows: tuple[int, int], columns: tuple[int, int], exposure_ev: float | Literal["auto"]
) -> None:
    """rows, columns: where the part begins, and how many there are of it."""
    raw, options = frame(cfa), PrepareOptions(exposure_ev=exposure_ev)
    part = np.empty((rows[1], columns[1], 5), np.float32)
    Preparation(raw, EVERYTHING, options).fill(part, rows[0], columns[0])
    whole = prepare(raw, EVERYTHING, options).planes
    assert np.array_equal(part, whole[rows[0] : sum(rows), columns[0] : sum(columns)])


def test_strips_are_seamless() -> None:
    """A frame of many strips equals one filled row by row."""
    rng = np.random.default_rng(1)
    raw = replace(frame(), mosaic=rng.integers(40, 1024, (640, 1200)).astype(np.uint16))
    whole, row = prepare(raw, EVERYTHING).planes, np.empty((1, 600, 5), np.float32)
    preparation = Preparation(raw, EVERYTHING)
    for top in range(0, 320, 7):
        preparation.fill(row, top)
        assert np.array_equal(row[0], whole[top])


def test_encoded_parts_are_the_encoded_whole() -> None:
    raw = frame()
    whole = prepare(raw, EVERYTHING).planes
    codes = np.empty(whole.shape, np.int8)
    Preparation(raw, EVERYTHING).fill(codes, encode=lambda values: (values * 255 - 128).astype(np.int8))
    assert np.array_equal(codes, (whole * 255 - 128).astype(np.int8))


@pytest.mark.parametrize(
    ("stage", "without"),
    [("bad_pixels", {"bad_pixels": ()}), ("lens_shading", {"gain_maps": (), "vignette": ()})],
)
def test_a_stage_that_is_off_is_as_if_the_file_did_not_ask(stage: str, without: dict[str, object]) -> None:
    off = prepare(frame(), replace(EVERYTHING, **{stage: False})).planes
    assert np.array_equal(off, prepare(replace(frame(), **without), EVERYTHING).planes)
    assert not np.array_equal(off, prepare(frame(), EVERYTHING).planes)


def test_lens_shading_is_the_users_choice() -> None:
    plain = replace(frame(), gain_maps=(), vignette=())
    off = prepare(frame(), EVERYTHING, PrepareOptions(lens_shading=False)).planes
    assert np.array_equal(off, prepare(plain, EVERYTHING).planes)


def test_shading_is_undone_before_white_is_clipped() -> None:
    """What a corner lost comes back; what it gets above white is clipped there."""
    raw = replace(frame(), mosaic=np.full((90, 75), 64 + 480, np.uint16), black_level=(64.0,) * 4, bad_pixels=())
    contract = InputContract(size_multiple=2, white_balance=False)
    planes = prepare(replace(raw, baseline_exposure_ev=0.0), contract).planes
    assert planes[0, 0].max() == 1
    assert planes[22, 18].max() < 0.95


def test_clipped_highlights_stay_neutral_at_any_exposure_and_shading() -> None:
    burnt = replace(frame(), mosaic=np.full((90, 75), 1023, np.uint16), bad_pixels=())
    for ev in (-3.0, 0.0, 2.5):
        assert prepare(burnt, EVERYTHING, PrepareOptions(exposure_ev=ev)).planes[..., :4] == pytest.approx(1, abs=1e-5)


def test_a_positive_exposure_burns_nothing_that_the_sensor_held() -> None:
    raw = replace(frame(), gain_maps=(), vignette=(), bad_pixels=(), baseline_exposure_ev=0.0, camera_to_srgb=None)
    shade = np.tile(np.linspace(64, 1000, 74).astype(np.uint16), (90, 1))
    greys = replace(raw, mosaic=shade, wb_gains=(1.0, 1.0, 1.0), black_level=(64.0,) * 4)
    kept, burnt = (
        prepare(
            greys, replace(EVERYTHING, exposure_knee=knee, reference_to_srgb=None), PrepareOptions(exposure_ev=2.65)
        )
        for knee in (0.5, None)
    )
    assert (np.diff(kept.planes[0, :37, 1]) > 0).all()
    assert (burnt.planes[0, :37, 1] == 1).mean() > 0.8


def test_notes_say_where_exposure_and_noise_come_from() -> None:
    notes = prepare(frame(), EVERYTHING).notes
    assert notes[0] == "Exposure +0.50 EV: the file asks for +0.50 (BaselineExposure)."
    assert notes[1].startswith("Noise from the file (NoiseProfile)")
    assert "own light" in prepare(frame(), EVERYTHING, PrepareOptions(exposure_ev="auto")).notes[0]
    assert prepare(replace(frame(), baseline_exposure_ev=0.0), InputContract(size_multiple=2)).notes == ()


def test_notes_say_what_a_model_does_without() -> None:
    contract = replace(EVERYTHING, lens_shading=False, bad_pixels=False)
    assert "The file's lens shading and bad pixels aren't corrected: this model does without." in (
        prepare(frame(), contract).notes
    )
    plain = replace(frame(), gain_maps=(), vignette=(), bad_pixels=())
    assert not any("corrected" in note for note in prepare(plain, contract).notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exposure_ev": 9.0}, "Exposure 9.0 EV is out of ±8 EV"),
        ({"exposure_ev": float("nan")}, "Exposure nan"),
        ({"denoise": 2.5}, "Denoising 2.5 is out of 0 to 2"),
        ({"denoise": float("nan")}, "Denoising nan"),
    ],
)
def test_absurd_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PrepareOptions(**options)
