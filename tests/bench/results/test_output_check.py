"""Outputs against this host's, and as pictures against the float student's."""

import numpy as np
import pytest

from lwisp_bench.results.output_check import check_outputs, picture_drift, worst
from lwisp_mobile.bundle.bundle import shipped_bundle


def test_equal_and_different_bits() -> None:
    values = np.arange(-4, 4, dtype=np.int8)
    assert check_outputs("x", (values,), (values.copy(),))[0].bit_equal
    (check,) = check_outputs("x", (values,), (values + np.int8(2),))
    assert (check.bit_equal, check.max_abs_diff, check.dtype) == (False, 2.0, "int8")


def test_distant_integers_do_not_overflow() -> None:
    low, high = np.array([-128], np.int8), np.array([127], np.int8)
    assert check_outputs("x", (low,), (high,))[0].max_abs_diff == 255


def test_nan_equals_nan_by_bits_and_is_counted() -> None:
    values = np.array([np.nan, 1, np.inf], np.float32)
    (check,) = check_outputs("x", (values,), (values.copy(),))
    assert (check.bit_equal, check.non_finite, check.max_abs_diff) == (True, 2, 0.0)
    assert not check_outputs("x", (np.array([0.0]),), (np.array([-0.0]),))[0].bit_equal


def test_other_shapes_are_never_equal() -> None:
    (check,) = check_outputs("x", (np.zeros((1, 4)),), (np.zeros((4, 1)),))
    assert (check.bit_equal, check.max_abs_diff) == (False, None)


def test_drift_of_a_picture() -> None:
    contract = shipped_bundle().model("int8").contract
    rng = np.random.default_rng(0)
    floats = rng.random((1, 16, 16, 3), dtype=np.float32)
    scale, zero = contract.output_tensor.scale, contract.output_tensor.zero_point
    assert scale is not None
    assert zero is not None
    values = np.clip(np.rint(floats / scale) + zero, -128, 127).astype(np.int8)
    near = picture_drift("near", (values,), (floats,), contract)
    far = picture_drift("far", (values[:, ::-1],), (floats,), contract)
    assert near.comparison.psnr_db is not None
    # Rounding to steps of 1/256 leaves a noise of step / sqrt(12): 58.9 dB.
    assert near.comparison.psnr_db == pytest.approx(-20 * np.log10(scale / np.sqrt(12)), abs=0.5)
    assert worst((near, far)) is far
    assert worst(()) is None
