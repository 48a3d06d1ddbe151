"""Five small models that some backend refuses, one per rule of `lwisp inspect --strict`; and one that none does."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lwisp_mobile.tflite import litert_schema as schema
from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

SHAPE = (1, 8, 8, 12)
CUSTOM = 32
"""An operator's number in the schema."""


def identical_inputs(kind: str = "SUB") -> bytes:
    """R - r, or another operator of two inputs."""
    graph, rectified = _start()
    result = graph.add_tensor("y", SHAPE)
    options = {"SUB": "SubOptions", "DIV": "DivOptions", "POW": "PowOptions"}
    named = options.get(kind, "SquaredDifferenceOptions" if kind == "SQUARED_DIFFERENCE" else "MaximumMinimumOptions")
    _append(graph, kind, [rectified, rectified], result, named)
    return _finish(graph, result)


def many_axes(*axes: int) -> bytes:
    """A RELU of more axes, between two RESHAPEs."""
    graph, rectified = _start()
    wide = _reshape(graph, rectified, "wide", axes)
    result = graph.add_tensor("again", axes)
    _append(graph, "RELU", [wide], result)
    return _finish(graph, _reshape(graph, result, "y", SHAPE))


def crd_shuffle() -> bytes:
    """A depth-to-space in CRD order, as converters write it."""
    graph, rectified = _start()
    wide = _reshape(graph, rectified, "wide", (1, 8, 8, 3, 2, 2))
    turned = graph.add_tensor("turned", (1, 8, 2, 8, 2, 3))
    _append(graph, "TRANSPOSE", [wide, _integers(graph, (0, 1, 4, 2, 5, 3))], turned, "TransposeOptions")
    return _finish(graph, _reshape(graph, turned, "y", (1, 16, 16, 3)))


def half_activations() -> bytes:
    """A sum in float16."""
    graph, rectified = _start("float16")
    result = graph.add_tensor("y", SHAPE, dtype="float16")
    _append(graph, "ADD", [graph.inputs[0], rectified], result, "AddOptions")
    return _finish(graph, result)


def custom_operator() -> bytes:
    """An operator of TensorFlow's own."""
    graph, rectified = _start()
    result = graph.add_tensor("y", SHAPE)
    operator = _append(graph, "SIGN", [rectified], result)
    code = graph.model.operatorCodes[operator.table.opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = CUSTOM
    code.customCode = "FlexErf"
    return _finish(graph, result)


def dcr_shuffle() -> bytes:
    """A native depth-to-space, which every backend takes."""
    graph, rectified = _start()
    result = graph.add_tensor("y", (1, 16, 16, 3))
    _append(graph, "DEPTH_TO_SPACE", [rectified], result, "DepthToSpaceOptions", blockSize=2)
    return _finish(graph, result)


FAULTS = {
    "identical inputs": identical_inputs,
    "rank": lambda: many_axes(1, 8, 8, 3, 2, 2),
    "shuffle": crd_shuffle,
    "fp16 activations": half_activations,
    "custom operation": custom_operator,
}


def _start(dtype: str = "float32") -> tuple[Graph, Tensor]:
    graph = Graph.empty()
    source, rectified = (graph.add_tensor(name, SHAPE, dtype=dtype) for name in ("x", "r"))
    graph.set_interface([source], [rectified])
    _append(graph, "RELU", [source], rectified)
    return graph, rectified


def _finish(graph: Graph, result: Tensor) -> bytes:
    graph.set_interface(graph.inputs, [result])
    graph.add_signature("serving_default", {"x": graph.inputs[0]}, {"y": result})
    return graph.pack()


def _reshape(graph: Graph, source: Tensor, name: str, shape: Sequence[int]) -> Tensor:
    result = graph.add_tensor(name, shape)
    _append(graph, "RESHAPE", [source, _integers(graph, shape)], result, "ReshapeOptions", newShape=list(shape))
    return result


def _integers(graph: Graph, values: Sequence[int]) -> Tensor:
    return graph.add_tensor("numbers", (len(values),), np.array(values), "int32")


def _append(
    graph: Graph, kind: str, inputs: Sequence[Tensor], output: Tensor, options: str = "", **values: Any
) -> Operator:
    operator = Operator(schema.OperatorT(), graph.table, graph.model)
    operator.table.opcodeIndex = graph._code(kind, 1)
    operator.set_inputs(inputs)
    operator.set_outputs([output])
    if options:
        operator.table.builtinOptionsType = schema.value_of(schema.BuiltinOptions, options)
        operator.table.builtinOptions = getattr(schema, f"{options}T")()
        for name, value in values.items():
            setattr(operator.table.builtinOptions, name, value)
    graph.append(operator)
    return operator
