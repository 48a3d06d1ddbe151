"""A graph's tensors and operators as typed handles: small, comparable, and always of the state the graph is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite import litert_schema as schema
from lwisp_mobile.tflite.integrity import ABSENT
from lwisp_mobile.tflite.reader import numbers, operator_kind, text
from lwisp_mobile.tflite.writer import buffer_bytes


class Padding(IntEnum):
    """What convolutions and poolings do at the border, as the schema numbers it."""

    SAME = 0
    VALID = 1


class Activation(IntEnum):
    """What an operator applies to its own result, as the schema numbers it."""

    NONE = 0
    RELU = 1


@dataclass(frozen=True)
class Quantization:
    """The grid of an integer tensor: value = scale * (integer - zero point)."""

    scales: NDArray[np.float32]
    """(1,), or one per filter."""
    zero_points: NDArray[np.int64]
    """As many."""


@dataclass(frozen=True, order=True, slots=True)
class Tensor:
    """A tensor of one graph. Handles are equal, and in order, by their place; `Graph.drop_unused` gives new places."""

    index: int
    table: schema.TensorT = field(compare=False, repr=False)
    """The schema's own object, for what has no property here."""
    model: schema.ModelT = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """Its name in the file."""
        return text(self.table.name)

    @property
    def dtype(self) -> str:
        """Its type, as float32, int8 or int32."""
        return schema.name_of(schema.TensorType, self.table.type).lower()

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape as stored; the runtime may resize it. () for a scalar."""
        return tuple(numbers(self.table.shape))

    def set_shape(self, shape: Sequence[int]) -> None:
        """Give it another shape."""
        self.table.shape = np.array(shape, np.int32)

    @property
    def buffer(self) -> int:
        """Number of the buffer with its values. Constants of one number share them; 0 for tensors that are computed."""
        return self.table.buffer

    @property
    def is_constant(self) -> bool:
        """Whether its values are in the file."""
        data = self.model.buffers[self.table.buffer].data
        return data is not None and len(data) > 0

    def values(self) -> NDArray[Any]:
        """A copy of a constant's values in its type and shape. Raises ModelError for a tensor that is computed."""
        if not self.is_constant:
            raise ModelError(f"The tensor {self.name} is computed by the model, where a constant is needed.")
        data = buffer_bytes(self.model.buffers[self.table.buffer])
        return np.frombuffer(data, self.dtype).reshape(self.shape).copy()

    @property
    def quantization(self) -> Quantization | None:
        """Its grid; None for a float tensor."""
        found = self.table.quantization
        if found is None or found.scale is None or len(found.scale) == 0:
            return None
        zeros = np.zeros(len(found.scale), np.int64) if found.zeroPoint is None else found.zeroPoint
        return Quantization(np.asarray(found.scale, np.float32), np.asarray(zeros, np.int64))

    def set_quantization(self, quantization: Quantization) -> None:
        """Give it another grid."""
        self.table.quantization = self.table.quantization or schema.QuantizationParametersT()
        self.table.quantization.scale = quantization.scales.astype(np.float32)
        self.table.quantization.zeroPoint = quantization.zero_points


class Operator:
    """An operator of one graph. Handles of the same operator are equal."""

    __slots__ = ("model", "subgraph", "table")

    def __init__(self, table: schema.OperatorT, subgraph: schema.SubGraphT, model: schema.ModelT) -> None:
        """table: the schema's own object, for what has no property here."""
        self.table, self.subgraph, self.model = table, subgraph, model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operator) and other.table is self.table

    def __hash__(self) -> int:
        return id(self.table)

    @property
    def kind(self) -> str:
        """What it computes, as CONV_2D."""
        return operator_kind(self.model.operatorCodes[self.table.opcodeIndex])

    @property
    def custom_kind(self) -> str:
        """The name of a CUSTOM operator; empty for others."""
        return text(self.model.operatorCodes[self.table.opcodeIndex].customCode)

    @property
    def custom_options(self) -> bytes:
        """The options of a CUSTOM operator, in a format of its own; empty for others."""
        found = self.table.customOptions
        return b"" if found is None else bytes(bytearray(found))

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that it reads, without those left out."""
        return self._tensors(self.table.inputs)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors that it writes."""
        return self._tensors(self.table.outputs)

    @property
    def output(self) -> Tensor:
        """The tensor that it writes; the first of several."""
        return self.outputs[0]

    @property
    def weights(self) -> Tensor:
        """A convolution's filters, (filters, rows, columns, channels)."""
        return self.inputs[1]

    @property
    def bias(self) -> Tensor:
        """A convolution's biases, (filters,)."""
        return self.inputs[2]

    def set_inputs(self, tensors: Sequence[Tensor]) -> None:
        """Have it read these tensors."""
        self.table.inputs = np.array([tensor.index for tensor in tensors], np.int32)

    def set_outputs(self, tensors: Sequence[Tensor]) -> None:
        """Have it write these tensors."""
        self.table.outputs = np.array([tensor.index for tensor in tensors], np.int32)

    @property
    def activation(self) -> int:
        """What it applies to its result: an `Activation`, or the schema's number of another."""
        return self._option("fusedActivationFunction")

    @activation.setter
    def activation(self, activation: Activation) -> None:
        self._set_option("fusedActivationFunction", activation)

    @property
    def padding(self) -> int:
        """A convolution's or pooling's `Padding`."""
        return self._option("padding")

    @padding.setter
    def padding(self, padding: Padding) -> None:
        self._set_option("padding", padding)

    @property
    def strides(self) -> tuple[int, int]:
        """Rows and columns from one window of a convolution or pooling to the next."""
        return self._option("strideH"), self._option("strideW")

    @property
    def window_height(self) -> int:
        """Rows of a pooling's window."""
        return self._option("filterHeight")

    @property
    def block_size(self) -> int:
        """Rows, and columns, that a DEPTH_TO_SPACE makes of one."""
        return self._option("blockSize")

    @property
    def keeps_axes(self) -> bool:
        """Whether a reduction leaves an axis of length 1 where it reduced."""
        return bool(self._option("keepDims"))

    def _tensors(self, vector: NDArray[np.int32] | None) -> tuple[Tensor, ...]:
        tensors = self.subgraph.tensors
        return tuple(Tensor(i, tensors[i], self.model) for i in numbers(vector) if i != ABSENT)

    def _option(self, name: str) -> int:
        try:
            return int(getattr(self.table.builtinOptions, name))
        except AttributeError as error:
            raise ModelError(f"The model's {self.kind} has no option {name}. Export the model again.") from error

    def _set_option(self, name: str, value: int) -> None:
        self._option(name)
        setattr(self.table.builtinOptions, name, int(value))
