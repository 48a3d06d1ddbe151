"""The curve: 8 bits hold the shadows, and it can be undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.curve import curve, inverse_curve

OFFSET = InputContract().curve_offset
INT8_SCALE = 1 / 255


def int8_codes(values: np.ndarray) -> int:
    """How many different codes an INT8 input of scale 1/255 gives these values."""
    return len(np.unique(np.rint(values / INT8_SCALE)))


def darkest_percent_of_10_bits() -> np.ndarray:
    """Every light a 10-bit RAW can hold from 0 to 0.01, and what white balance and denoising put between."""
    return np.linspace(0, 0.01, 10_001, dtype=np.float32)


def test_darkest_percent_keeps_20_codes_under_the_curve() -> None:
    assert int8_codes(curve(darkest_percent_of_10_bits(), OFFSET)) >= 20


def test_darkest_percent_keeps_4_codes_without_the_curve() -> None:
    assert int8_codes(darkest_percent_of_10_bits()) <= 4


def test_every_dark_value_of_a_10_bit_raw_keeps_its_own_code() -> None:
    levels = np.arange(11, dtype=np.float32) / 1023
    assert int8_codes(curve(levels, OFFSET)) == 11


def test_curve_ends_at_0_and_1_and_rises() -> None:
    light = np.linspace(-OFFSET, 1, 4097, dtype=np.float32)
    values = curve(light, OFFSET)
    assert values[0] == 0
    assert values[-1] == pytest.approx(1)
    assert np.all(np.diff(values) > 0)
    assert values.dtype == np.float32


def test_curve_clips_what_lies_outside() -> None:
    values = curve(np.array([-1, 2], np.float32), OFFSET)
    assert values.tolist() == pytest.approx([0, 1])


@given(st.floats(-1 / 2048, 1, width=32))
def test_inverse_curve_undoes_the_curve(light: float) -> None:
    array = np.array([light], np.float32)
    assert inverse_curve(curve(array, OFFSET), OFFSET)[0] == pytest.approx(light, abs=1e-6)


def test_curve_leaves_its_argument_alone() -> None:
    light = np.array([0.25], np.float32)
    curve(light, OFFSET)
    assert light[0] == np.float32(0.25)
