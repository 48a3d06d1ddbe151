"""Exposure: shadows get the gain, white stays white, nothing is burnt, and `auto` is the same for equal frames."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.exposure import AUTO_RANGE_EV, auto_ev, expose, exposure_note, shoulder, wanted_ev
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.image import RawImage

CONTRACT = InputContract()
LIGHT = np.linspace(-0.02, 1, 4097, dtype=np.float32)
EVS = st.floats(-8, 8)
KNEES = st.floats(0.2, 0.8)
ROUNDING = 3e-7
"""Of values around 1 in 32 bits."""


@given(EVS, KNEES)
def test_light_rises_and_never_passes_white(ev: float, knee: float) -> None:
    exposed = expose(LIGHT, shoulder(ev, knee))
    assert np.diff(exposed).min() >= -ROUNDING
    assert exposed[-1] == pytest.approx(1, abs=1e-4)
    assert exposed.max() == exposed[-1]
    assert exposed.dtype == np.float32


@given(EVS, KNEES)
def test_below_the_knee_it_is_the_gain(ev: float, knee: float) -> None:
    below = LIGHT[LIGHT * 2 ** max(ev, 0) < 0.999 * knee]
    assert np.allclose(expose(below, shoulder(ev, knee)), below * 2**ev, rtol=1e-6, atol=0)


@given(KNEES)
def test_0_ev_changes_nothing(knee: float) -> None:
    assert np.abs(expose(LIGHT, shoulder(0.0, knee)) - LIGHT).max() <= ROUNDING


@given(st.floats(0.25, 4), KNEES)
def test_darker_undoes_brighter(ev: float, knee: float) -> None:
    back = expose(expose(LIGHT, shoulder(ev, knee)), shoulder(-ev, knee))
    assert np.abs(back - LIGHT).max() < 1e-4


@given(st.floats(0.25, 5), KNEES)
def test_the_shoulder_begins_with_the_gain(ev: float, knee: float) -> None:
    """No kink at the knee: just above it the slope is still the gain."""
    start = knee * 2**-ev
    above = np.array([start, start * (1 + 1e-3)], np.float32)
    rise = np.diff(expose(above, shoulder(ev, knee)))[0]
    assert rise == pytest.approx(2**ev * (above[1] - above[0]), rel=0.05)


def test_files_ask_for_exposure_and_users_add_to_it() -> None:
    raw = frame(0.2, baseline_exposure_ev=0.75)
    assert wanted_ev(raw, CONTRACT, 0.5) == 1.25
    assert wanted_ev(raw, CONTRACT, 0.0) == 0.75
    assert wanted_ev(raw, CONTRACT, "auto") == wanted_ev(frame(0.2), CONTRACT, "auto")
    assert exposure_note(raw, 0.5, 1.25) == ("Exposure +1.25 EV: the file asks for +0.75 (BaselineExposure).",)
    assert exposure_note(frame(0.2), 0.5, 0.5) == ()
    assert "own light: -0.15 EV" in exposure_note(raw, "auto", -0.15)[0]


def frame(light: float, cfa: str = "RGGB", **facts: object) -> RawImage:
    """A frame whose green sites lie around a light, and whose other sites lie at white."""
    mosaic = np.full((64, 80), 1023, np.uint16)
    values = 64 + 959 * light * np.random.default_rng(0).uniform(0.9, 1.1, mosaic.shape)
    green = np.array([letter == "G" for letter in cfa]).reshape(2, 2)
    mosaic = np.where(np.tile(green, (32, 40)), values, mosaic).astype(np.uint16)
    return RawImage(mosaic, cfa, (64.0,) * 4, 1023.0, (1.9, 1.0, 1.6), None, **facts)


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_auto_takes_the_median_of_green_to_a_grey_cards_light(cfa: str) -> None:
    assert auto_ev(frame(0.09, cfa), CONTRACT) == pytest.approx(1.0, abs=0.05)
    assert auto_ev(frame(0.25, cfa), CONTRACT) == pytest.approx(-0.45, abs=0.05)


def test_auto_leaves_night_darker_than_day() -> None:
    """Past 1.5 stops, half of what is lacking: 2.5 stops of it give 2, 4.5 give 3."""
    assert auto_ev(frame(0.18 / 2**2.5), CONTRACT) == pytest.approx(2.0, abs=0.05)
    assert auto_ev(frame(0.18 / 2**4.0), CONTRACT) == pytest.approx(2.75, abs=0.05)


def test_auto_is_bounded_and_spares_highlights() -> None:
    assert auto_ev(frame(1e-4), CONTRACT) == AUTO_RANGE_EV[1]
    assert auto_ev(frame(0.9), CONTRACT) == AUTO_RANGE_EV[0]
    dark = frame(0.01)
    with_lamps = dark.mosaic.copy()
    with_lamps[:, :16] = 1023
    assert auto_ev(replace(dark, mosaic=with_lamps), CONTRACT) == 0.8
    assert auto_ev(dark, CONTRACT) == pytest.approx(2.85, abs=0.05)


def test_black_frames_have_an_exposure() -> None:
    assert auto_ev(replace(frame(0.1), mosaic=np.zeros((8, 8), np.uint16)), CONTRACT) == AUTO_RANGE_EV[1]
