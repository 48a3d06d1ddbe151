"""Int8 on trial: a float model with the rounding of chosen tensors put in, so that each one's cost can be seen."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from lwisp_export.conversion.writer import constant, ids, pack_tflite, set_constant, share_buffers
from lwisp_export.quantization.prepare import Prepared
from lwisp_export.quantization.ranges import Range
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, schema, text

_VERSION = 2
"""Of the operator FAKE_QUANT: the one that knows narrow ranges."""


def simulate(prepared: Prepared, *, activations: Collection[str] = (), weights: Collection[str] = ()) -> bytes:
    """Return a float .tflite in which some tensors are rounded as int8 rounds them.

    activations: names of tensors. weights: names of convolutions' output tensors; those take their rounded weights and
    corrected biases. With all of both, the picture is within a few hundredths of a dB of the int8 model's.
    """
    tree = parse_tflite(prepared.exact)
    _take_weights(tree, parse_tflite(prepared.model), weights)
    _insert_rounding(tree, {name: prepared.ranges[name] for name in activations})
    share_buffers(tree)
    return pack_tflite(tree)


def _take_weights(tree: Any, rounded: Any, names: Collection[str]) -> None:
    """Copy weights and biases from the rounded model, which has the same operators and tensors."""
    graph = tree.subgraphs[0]
    for operator in graph.operators:
        if operator_name(tree, operator) == "CONV_2D" and text(graph.tensors[operator.outputs[0]].name) in names:
            for index in ids(operator.inputs)[1:]:
                set_constant(tree, [index], constant(rounded, index))


def _insert_rounding(tree: Any, ranges: Mapping[str, Range]) -> None:
    """Put a FAKE_QUANT after each tensor of these names, and have its readers read that."""
    graph = tree.subgraphs[0]
    code = _add_code(tree)
    replaced: dict[int, int] = {}
    operators: list[Any] = []
    for tensor in ids(graph.inputs):
        operators += _rounding(tree, code, tensor, ranges, replaced)
    for operator in graph.operators:
        operator.inputs = _renamed(operator.inputs, replaced)
        operators += [operator, *_rounding(tree, code, int(operator.outputs[0]), ranges, replaced)]
    graph.operators = operators
    graph.outputs = _renamed(graph.outputs, replaced)
    for signature in tree.signatureDefs:
        for entry in signature.outputs:
            entry.tensorIndex = replaced.get(entry.tensorIndex, entry.tensorIndex)


def _rounding(tree: Any, code: int, tensor: int, ranges: Mapping[str, Range], replaced: dict[int, int]) -> list[Any]:
    tensors = tree.subgraphs[0].tensors
    found = ranges.get(text(tensors[tensor].name))
    if found is None:
        return []
    result = schema().TensorT()
    result.name, result.type = f"{text(tensors[tensor].name)}/int8", tensors[tensor].type
    result.shape, result.buffer = tensors[tensor].shape, 0
    tensors.append(result)
    replaced[tensor] = len(tensors) - 1
    return [_fake_quant(code, tensor, replaced[tensor], found)]


def _fake_quant(code: int, source: int, result: int, found: Range) -> Any:
    operator, options = schema().OperatorT(), schema().FakeQuantOptionsT()
    options.min, options.max, options.numBits, options.narrowRange = found.low, found.high, 8, False
    operator.opcodeIndex = code
    operator.inputs, operator.outputs = np.array([source], np.int32), np.array([result], np.int32)
    operator.builtinOptionsType, operator.builtinOptions = schema().BuiltinOptions.FakeQuantOptions, options
    return operator


def _add_code(tree: Any) -> int:
    code = schema().OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema().BuiltinOperator.FAKE_QUANT
    code.version = _VERSION
    tree.operatorCodes.append(code)
    return len(tree.operatorCodes) - 1


def _renamed(tensors: Any, replaced: Mapping[int, int]) -> np.ndarray:
    return np.array([replaced.get(i, i) for i in ids(tensors)], np.int32)
