"""Give chosen features twice the int8 codes: each channel twice, half a step apart; the next filter takes the mean.

With q the rounding to a step s, (q(x + s/4) + q(x - s/4)) / 2 lies on a grid of s/2. In float the model computes what
it did, but for values within s/4 of a ReLU's corner, where it's off by less than s/8. The convolutions before and after
have twice the multiply-adds.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lwisp_export.errors import QuantizationError
from lwisp_export.tflite_writer import constant, ids, pack_tflite, set_constant, share_buffers
from lwisp_mobile.tflite_file import operator_name, parse_tflite, schema, shape_of, text

TWICE = "/twice"
"""Ends the name of a tensor that holds another one's channels twice."""


@dataclass(frozen=True)
class _Way:
    """From the convolution that makes a feature to the one that reads it."""

    maker: Any
    between: Any
    """A DEPTH_TO_SPACE, a MUL with another feature, or None."""
    reader: Any


def double_codes(float_model: bytes, steps: Mapping[str, float]) -> bytes:
    """Return the model with doubled features.

    float_model: a student's float .tflite. steps: the int8 steps of the features, by the names of the tensors that
    rectified convolutions write. Raises QuantizationError for a tensor with another maker, or whose only reader isn't a
    convolution, directly, through a depth-to-space, or through a product with another feature.
    """
    tree = parse_tflite(float_model)
    for name, step in steps.items():
        way = _find_way(tree, name)
        kind = operator_name(tree, way.between) if way.between else ""
        _double_maker(tree, way.maker, way.between.builtinOptions.blockSize**2 if kind == "DEPTH_TO_SPACE" else 1, step)
        if kind == "MUL":
            _repeat_factor(tree, way)
        for operator in (way.maker, way.between):
            if operator is not None:
                _double_channels(tree, int(operator.outputs[0]))
        _halve_reader(tree, way.reader)
    share_buffers(tree)
    return pack_tflite(tree)


def _find_way(tree: Any, name: str) -> _Way:
    graph = tree.subgraphs[0]
    made = {text(graph.tensors[operator.outputs[0]].name): operator for operator in graph.operators}
    maker = made.get(name)
    relu = schema().ActivationFunctionType.RELU
    if maker is not None and operator_name(tree, maker) == "CONV_2D" and _shares_nothing(graph, maker):
        between, reader = None, _only_reader(graph, maker)
        if reader is not None and operator_name(tree, reader) in ("DEPTH_TO_SPACE", "MUL"):
            between, reader = reader, _only_reader(graph, reader)
        is_read = reader is not None and operator_name(tree, reader) == "CONV_2D" and _shares_nothing(graph, reader)
        if is_read and maker.builtinOptions.fusedActivationFunction == relu:
            return _Way(maker, between, reader)
    raise QuantizationError(
        f"The codes of {name} can't be doubled: it must go from one rectified CONV_2D to one CONV_2D, whose weights "
        "nothing else reads. Leave it out of the recipe's doubled."
    )


def _repeat_factor(tree: Any, way: _Way) -> None:
    """Give the product its other factor twice, too."""
    graph = tree.subgraphs[0]
    (factor,) = {*ids(way.between.inputs)} - {*ids(way.maker.outputs)}
    tensor, join = copy.copy(graph.tensors[factor]), schema().OperatorT()
    tensor.name = f"{text(tensor.name)}{TWICE}"
    graph.tensors.append(tensor)
    twice = len(graph.tensors) - 1
    _double_channels(tree, twice)
    like = next(operator for operator in graph.operators if operator_name(tree, operator) == "CONCATENATION")
    join.opcodeIndex, join.builtinOptionsType, join.builtinOptions = (
        like.opcodeIndex,
        like.builtinOptionsType,
        like.builtinOptions,
    )
    join.inputs, join.outputs = np.array([factor, factor], np.int32), np.array([twice], np.int32)
    graph.operators.insert(graph.operators.index(way.between), join)
    way.between.inputs = np.array([twice if i == factor else i for i in ids(way.between.inputs)], np.int32)


def _only_reader(graph: Any, operator: Any) -> Any | None:
    readers = [other for other in graph.operators if operator.outputs[0] in ids(other.inputs)]
    return readers[0] if len(readers) == 1 else None


def _shares_nothing(graph: Any, convolution: Any) -> bool:
    buffer = graph.tensors[convolution.inputs[1]].buffer
    sharing = [o for o in graph.operators for i in ids(o.inputs) if i >= 0 and graph.tensors[i].buffer == buffer]
    return len(sharing) == 1


def _double_maker(tree: Any, maker: Any, phases: int, step: float) -> None:
    """In each phase of the shuffle the filters twice, their biases a quarter of a step up and down."""
    weights, biases = (constant(tree, int(i)) for i in ids(maker.inputs)[1:3])
    moved = np.stack([biases + step / 4, biases - step / 4])
    _replace(tree, maker.inputs[1], _by_phase(np.stack([weights, weights]), phases))
    _replace(tree, maker.inputs[2], _by_phase(moved, phases))


def _by_phase(both: np.ndarray, phases: int) -> np.ndarray:
    """(2, phases * filters, ...) to (phases * 2 * filters, ...), phase by phase."""
    split = both.reshape(2, phases, -1, *both.shape[2:])
    return np.moveaxis(split, 0, 1).reshape(-1, *both.shape[2:])


def _halve_reader(tree: Any, reader: Any) -> None:
    half = constant(tree, int(reader.inputs[1])) / 2
    _replace(tree, reader.inputs[1], np.concatenate([half, half], axis=-1))


def _replace(tree: Any, tensor: int, values: np.ndarray) -> None:
    set_constant(tree, [int(tensor)], values)
    tree.subgraphs[0].tensors[tensor].shape = np.array(values.shape, np.int32)


def _double_channels(tree: Any, tensor: int) -> None:
    *sides, channels = shape_of(tree.subgraphs[0].tensors[tensor])
    tree.subgraphs[0].tensors[tensor].shape = np.array([*sides, 2 * channels], np.int32)
