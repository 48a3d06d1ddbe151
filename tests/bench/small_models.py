"""Small .tflite files such as somebody else might bring: one ADD of two inputs, of any type and shape."""

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

SCALES = {"a": 0.02, "b": 0.03, "sum": 0.05}
ZERO_POINTS = {"int8": -3, "uint8": 120}


def add_model(dtype: str, shape: Sequence[int], operator: int = schema.BuiltinOperator.ADD) -> bytes:
    """Inputs 'a' and 'b' of one type and shape, output 'sum'; quantised if the type is int8 or uint8."""
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(name, dtype, shape) for name in ("a", "b", "sum")]
    graph.inputs, graph.outputs = [0, 1], [2]
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, [0, 1], [2]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
    graph.operators = [node]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = 1 if dtype == "float32" else 2
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [schema.BufferT()]
    builder = Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def stateful_model() -> bytes:
    """An SVDF of 2 units that remembers 3 inputs of 4 values in a variable."""
    graph, node, code = schema.SubGraphT(), schema.OperatorT(), schema.OperatorCodeT()
    shapes = {"input": (1, 4), "feature": (2, 4), "time": (2, 3), "state": (1, 6), "output": (1, 2)}
    graph.tensors = [_tensor(name, "float32", shape) for name, shape in shapes.items()]
    graph.tensors[1].buffer, graph.tensors[2].buffer, graph.tensors[3].isVariable = 1, 2, True
    graph.inputs, graph.outputs = [0], [4]
    node.opcodeIndex, node.inputs, node.outputs = 0, [0, 1, 2, -1, 3], [4]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.SVDFOptions, schema.SVDFOptionsT()
    node.builtinOptions.rank = 1
    graph.operators = [node]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.SVDF
    code.version = 1
    buffers = [schema.BufferT() for _ in range(3)]
    for buffer, count in ((buffers[1], 8), (buffers[2], 6)):
        buffer.data = np.frombuffer(np.arange(1, count + 1, dtype=np.float32).tobytes(), np.uint8)
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [graph], [code], buffers
    builder = Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(name: str, dtype: str, shape: Sequence[int]) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), 0
    tensor.type = getattr(schema.TensorType, dtype.upper())
    if dtype in ZERO_POINTS:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([SCALES[name]], np.float32)
        tensor.quantization.zeroPoint = np.array([ZERO_POINTS[dtype]], np.int64)
    return tensor
