"""Give chosen features twice the int8 codes: each channel twice, half a step apart; the next filter takes the mean.

With q the rounding to a step s, (q(x + s/4) + q(x - s/4)) / 2 lies on a grid of s/2. In float the model computes what
it did, but for values within s/4 of a ReLU's corner, where it's off by less than s/8. The convolutions that write the
features and those that read them have twice the multiply-adds.
"""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from lwisp_export.conversion.writer import constant, ids, pack_tflite, set_constant, share_buffers
from lwisp_export.errors import QuantizationError
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, schema, shape_of, text

TWICE = "/twice"
"""Ends the name of a tensor that holds another one's channels twice."""


def double_codes(float_model: bytes, steps: Mapping[str, float]) -> bytes:
    """Return the model with doubled features.

    float_model: a student's float .tflite. steps: the int8 steps of the features, by the names of the tensors that
    rectified convolutions write. Raises QuantizationError for a tensor with another maker, and for one that anything
    but convolutions reads, directly, through a depth-to-space, or through a product with another feature.
    """
    tree = parse_tflite(float_model)
    graph = tree.subgraphs[0]
    doubled: set[int] = set()
    for operator in list(graph.operators):
        name = text(graph.tensors[operator.outputs[0]].name)
        if not doubled.isdisjoint(ids(operator.inputs)):
            _pass_on(tree, operator, doubled)
        if name in steps:
            _double_maker(tree, operator, steps[name])
            doubled.add(int(operator.outputs[0]))
    share_buffers(tree)
    return pack_tflite(tree)


def _pass_on(tree: Any, operator: Any, doubled: set[int]) -> None:
    """Have an operator read doubled features: a convolution takes their mean, others go on with both."""
    kind = operator_name(tree, operator)
    if kind == "CONV_2D" and _owns_weights(tree, operator):
        half = constant(tree, int(operator.inputs[1])) / 2
        _replace(tree, operator.inputs[1], np.concatenate([half, half], axis=-1))
        return
    if kind not in ("DEPTH_TO_SPACE", "MUL"):
        raise _refused(tree, next(i for i in ids(operator.inputs) if i in doubled), kind)
    if kind == "MUL":
        operator.inputs = np.array([_twice(tree, operator, i, doubled) for i in ids(operator.inputs)], np.int32)
    _double_channels(tree, int(operator.outputs[0]))
    doubled.add(int(operator.outputs[0]))


def _double_maker(tree: Any, maker: Any, step: float) -> None:
    """The filters twice, their biases a quarter of a step up and down; phase by phase where a shuffle follows."""
    result, kind = int(maker.outputs[0]), operator_name(tree, maker)
    relu = schema().ActivationFunctionType.RELU
    if kind != "CONV_2D" or maker.builtinOptions.fusedActivationFunction != relu or not _owns_weights(tree, maker):
        raise _refused(tree, result, kind)
    weights, biases = (constant(tree, int(i)) for i in ids(maker.inputs)[1:3])
    phases = _phases(tree, result)
    _replace(tree, maker.inputs[1], _by_phase(np.stack([weights, weights]), phases))
    _replace(tree, maker.inputs[2], _by_phase(np.stack([biases + step / 4, biases - step / 4]), phases))
    _double_channels(tree, result)


def _phases(tree: Any, tensor: int) -> int:
    """Blocks of channels that the depth-to-space which reads a tensor takes apart; 1 without one."""
    readers = [o for o in tree.subgraphs[0].operators if tensor in ids(o.inputs)]
    sizes = [o.builtinOptions.blockSize for o in readers if operator_name(tree, o) == "DEPTH_TO_SPACE"]
    return int(sizes[0] ** 2) if sizes else 1


def _by_phase(both: np.ndarray, phases: int) -> np.ndarray:
    """(2, phases * filters, ...) to (phases * 2 * filters, ...), phase by phase."""
    split = both.reshape(2, phases, -1, *both.shape[2:])
    return np.moveaxis(split, 0, 1).reshape(-1, *both.shape[2:])


def _twice(tree: Any, product: Any, factor: int, doubled: set[int]) -> int:
    """A product's factor with its channels twice: as it is, or by joining it with itself."""
    if factor in doubled:
        return factor
    graph = tree.subgraphs[0]
    tensor, join = copy.copy(graph.tensors[factor]), schema().OperatorT()
    tensor.name = f"{text(tensor.name)}{TWICE}"
    graph.tensors.append(tensor)
    _double_channels(tree, len(graph.tensors) - 1)
    like = next(operator for operator in graph.operators if operator_name(tree, operator) == "CONCATENATION")
    join.opcodeIndex, join.builtinOptions = like.opcodeIndex, like.builtinOptions
    join.builtinOptionsType = like.builtinOptionsType
    join.inputs, join.outputs = np.array([factor] * 2, np.int32), np.array([len(graph.tensors) - 1], np.int32)
    graph.operators.insert(graph.operators.index(product), join)
    return len(graph.tensors) - 1


def _owns_weights(tree: Any, convolution: Any) -> bool:
    graph = tree.subgraphs[0]
    buffer = graph.tensors[convolution.inputs[1]].buffer
    reads = [graph.tensors[i].buffer for o in graph.operators for i in ids(o.inputs) if i >= 0]
    return reads.count(buffer) == 1


def _replace(tree: Any, tensor: int, values: np.ndarray) -> None:
    set_constant(tree, [int(tensor)], values)
    tree.subgraphs[0].tensors[tensor].shape = np.array(values.shape, np.int32)


def _double_channels(tree: Any, tensor: int) -> None:
    *sides, channels = shape_of(tree.subgraphs[0].tensors[tensor])
    tree.subgraphs[0].tensors[tensor].shape = np.array([*sides, 2 * channels], np.int32)


def _refused(tree: Any, tensor: int, kind: str) -> QuantizationError:
    return QuantizationError(
        f"The codes of {text(tree.subgraphs[0].tensors[tensor].name)} can't be doubled because of a {kind}: a "
        "rectified CONV_2D must write it and CONV_2D must read it, both with weights of their own. Leave it out of the "
        "recipe's doubled."
    )
