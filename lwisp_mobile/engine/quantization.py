"""Between real values and a tensor's quantized ones: q = round(v / scale) + zero_point."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.errors import NonFiniteError

Values = NDArray[Any]
"""A tensor as the model has it: quantized values (int8), or float32 in a float model."""


def quantize(values: NDArray[np.float32], spec: TensorSpec) -> Values:
    """Real values to a tensor's type: round(v / scale) + zero_point, clipped; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return values.astype(np.float32, copy=False)
    limits = np.iinfo(spec.dtype)
    quantized = values * np.float32(1 / spec.scale)
    np.rint(quantized, out=quantized)
    quantized += np.float32(spec.zero_point)
    return np.asarray(np.clip(quantized, limits.min, limits.max, out=quantized), spec.dtype)


def dequantize(values: Values, spec: TensorSpec) -> NDArray[np.float32]:
    """A tensor to real values: (q - zero_point) * scale; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return values.astype(np.float32, copy=False)
    return (values.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def check_finite(rgb: NDArray[np.float32]) -> None:
    """Raise NonFiniteError if a model's picture contains NaN or infinity."""
    if not np.isfinite(rgb).all():
        raise NonFiniteError("The model gave NaN or infinity; its weights or its input are broken.")


def tensor_spec(name: str, details: Mapping[str, Any]) -> TensorSpec:
    """A tensor as an interpreter describes it, at resolution 1."""
    scale, zero_point = details["quantization"]
    return TensorSpec(
        name,
        np.dtype(details["dtype"]).name,
        float(scale) or None,
        int(zero_point) if scale else None,
        int(details["shape"][-1]),
        resolution=1,
    )
