"""Quantized values: rounded, clipped, and back."""

import numpy as np
import pytest

from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.engine.quantization import check_finite, dequantize, quantize, tensor_spec
from lwisp_mobile.errors import NonFiniteError

INT8 = TensorSpec("packed", "int8", 1 / 255, -128, 4, 1)
FLOAT = TensorSpec("packed", "float32", None, None, 4, 1)


def test_quantizing_rounds_and_clips() -> None:
    values = np.array([-1, 0, 0.5 / 255, 1 / 255, 0.5, 1, 2], np.float32)
    quantized = quantize(values, INT8)
    assert quantized.dtype == np.int8
    assert quantized.tolist() == [-128, -128, -128, -127, 0, 127, 127]
    assert np.abs(dequantize(quantize(values[1:6], INT8), INT8) - values[1:6]).max() <= 0.5 / 255 + 1e-7


def test_float_tensors_stay_what_they_are() -> None:
    values = np.array([-1, 0.25, 7], np.float32)
    assert quantize(values, FLOAT) is values
    assert dequantize(values, FLOAT) is values


def test_an_interpreters_description_becomes_a_tensor() -> None:
    details = {"dtype": np.int8, "quantization": (1 / 255, -128), "shape": np.array([1, 8, 8, 4])}
    assert tensor_spec("packed", details) == INT8
    assert tensor_spec("packed", {**details, "dtype": np.float32, "quantization": (0.0, 0)}) == FLOAT


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_picture_that_is_not_finite_is_an_error(bad: float) -> None:
    with pytest.raises(NonFiniteError, match="NaN or infinity"):
        check_finite(np.array([0, bad], np.float32))
