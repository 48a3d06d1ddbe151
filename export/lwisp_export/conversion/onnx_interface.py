"""Inputs and outputs of an ONNX model: their sizes made definite or left open, and their layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from onnx import helper

from lwisp_mobile.errors import UsageError

Layout = Literal["nhwc", "nchw"]
_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
_SPATIAL_AXES = (2, 3)


@dataclass(frozen=True)
class Port:
    """An input or output of a network."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    """As the ONNX has it: pictures are (batch, channels, height, width). 0: not known."""

    @property
    def is_picture(self) -> bool:
        """Whether it has four axes, which a layout orders."""
        return len(self.shape) == 4

    def shape_in(self, layout: Layout) -> tuple[int, ...]:
        """The shape in a layout."""
        return tuple(self.shape[axis] for axis in _TO_LAST) if self.is_picture and layout == "nhwc" else self.shape


def inputs_of(model: onnx.ModelProto) -> tuple[Port, ...]:
    """What a caller gives: inputs without those that have a value of their own."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return tuple(_port(value) for value in model.graph.input if value.name not in constants)


def outputs_of(model: onnx.ModelProto) -> tuple[Port, ...]:
    """What a run returns."""
    return tuple(_port(value) for value in model.graph.output)


def fix_sizes(
    model: onnx.ModelProto, size_px: tuple[int, int] | None, shapes: Mapping[str, tuple[int, ...]]
) -> onnx.ModelProto:
    """Return the model for one size.

    size_px: height and width of pictures, also instead of those in the file; None: the file's own, and where it leaves
    them open 128x128. shapes: of single inputs, by name. An open batch is 1. Raises UsageError for an input whose
    shape stays open, and for a name that is no input's.
    """
    unknown = sorted(shapes.keys() - {port.name for port in inputs_of(model)})
    if unknown:
        known = ", ".join(port.name for port in inputs_of(model))
        raise UsageError(f"--shape names {', '.join(unknown)}; the network's inputs are {known}.")
    return with_shapes(model, {port.name: _fixed(port, size_px, shapes) for port in inputs_of(model)})


def with_shapes(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Return the model with these shapes of its inputs; all others follow from them."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in fixed.graph.input:
        if value.name in shapes:
            _set_shape(value, shapes[value.name])
    del fixed.graph.value_info[:]
    for value in fixed.graph.output:
        value.type.tensor_type.ClearField("shape")
    return _infer(fixed)


def with_output_shapes(model: onnx.ModelProto, shapes: Sequence[tuple[int, ...]]) -> onnx.ModelProto:
    """Return the model with these shapes of its outputs, as a run had them: inference doesn't find all."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for value, shape in zip(changed.graph.output, shapes, strict=True):
        _set_shape(value, shape)
    return changed


def other_size(port: Port) -> tuple[int, ...]:
    """A larger shape of a picture, on the same grid as far as that shows; other inputs keep theirs."""
    if not port.is_picture:
        return port.shape
    *front, height, width = port.shape
    return (*front, height + _grid(height), width + 2 * _grid(width))


def make_channels_last(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with its pictures channels last: a TRANSPOSE at each, which the converter folds away."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    pictures = {port.name for port in (*inputs_of(model), *outputs_of(model)) if port.is_picture}
    inner = {name: _free_name(graph, f"{name}_nchw") for name in sorted(pictures)}
    for node in graph.node:
        node.input[:] = [inner.get(name, name) for name in node.input]
        node.output[:] = [inner.get(name, name) for name in node.output]
    before = [_transpose(value.name, inner[value.name], _TO_FIRST) for value in graph.input if value.name in inner]
    after = [_transpose(inner[value.name], value.name, _TO_LAST) for value in graph.output if value.name in inner]
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    for value in (*graph.input, *graph.output):
        if value.name in inner:
            _set_shape(value, tuple(_shape(value)[axis] for axis in _TO_LAST))
    return _infer(changed)


def to_layout(values: np.ndarray, layout: Layout) -> np.ndarray:
    """An ONNX input or output, in a layout."""
    return np.ascontiguousarray(values.transpose(_TO_LAST)) if values.ndim == 4 and layout == "nhwc" else values


def _infer(model: onnx.ModelProto) -> onnx.ModelProto:
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def _fixed(port: Port, size_px: tuple[int, int] | None, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    if port.name in shapes:
        return shapes[port.name]
    found = list(port.shape)
    if found and not found[0]:
        found[0] = 1
    if port.is_picture:
        for axis, side in zip(_SPATIAL_AXES, size_px or (128, 128)):
            found[axis] = side if size_px else found[axis] or side
    if not all(found):
        raise UsageError(
            f"The input {port.name} has open axes, {port.shape} with 0 for those. Give its shape: "
            f"--shape {port.name}={','.join(str(side or 'N') for side in found)}."
        )
    return tuple(found)


def _grid(side_px: int) -> int:
    """The largest power of two that divides a side, up to 16."""
    return min(side_px & -side_px, 16)


def _port(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    return Port(value.name, helper.tensor_dtype_to_np_dtype(tensor.elem_type).name, _shape(value))


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(max(axis.dim_value, 0) for axis in value.type.tensor_type.shape.dim)


def _set_shape(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    element = value.type.tensor_type.elem_type
    value.type.CopyFrom(helper.make_tensor_type_proto(element, shape))


def _free_name(graph: onnx.GraphProto, name: str) -> str:
    taken = {output for node in graph.node for output in node.output} | {value.name for value in graph.input}
    while name in taken:
        name += "_"
    return name


def _transpose(source: str, result: str, order: tuple[int, ...]) -> onnx.NodeProto:
    return helper.make_node("Transpose", [source], [result], name=f"{result}_transpose", perm=order)
