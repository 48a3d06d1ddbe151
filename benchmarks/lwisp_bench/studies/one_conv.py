"""A .tflite of one large 3x3 convolution: the rate a machine reaches where nothing but multiplying is asked for."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

CHANNELS = 128


def one_conv_model(side_px: int, channels: int = CHANNELS) -> bytes:
    """A float32 model: (1, side, side, channels) to the same shape, 3x3, SAME padding, ReLU; signature 'x' to 'y'."""
    weights = np.full((channels, 3, 3, channels), 1 / (9 * channels), np.float32)
    graph = schema.SubGraphT()
    shape = [1, side_px, side_px, channels]
    graph.tensors = [
        _tensor("x", shape, 0),
        _tensor("weights", list(weights.shape), 1),
        _tensor("bias", [channels], 2),
        _tensor("y", shape, 0),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [_convolution()]
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [_operator_code()]
    model.buffers = [_buffer(b""), _buffer(weights.tobytes()), _buffer(np.zeros(channels, np.float32).tobytes())]
    model.signatureDefs = [_signature()]
    builder = Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def one_conv_macs(side_px: int, channels: int = CHANNELS) -> int:
    """Multiply-accumulates of one run."""
    return side_px * side_px * 9 * channels * channels


def _tensor(name: str, shape: list[int], buffer: int) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer, tensor.type = name, shape, buffer, schema.TensorType.FLOAT32
    return tensor


def _buffer(data: bytes) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data, np.uint8) if data else None
    return buffer


def _operator_code() -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 1
    return code


def _convolution() -> schema.OperatorT:
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, 1, 1
    options.dilationWFactor = options.dilationHFactor = 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    return operator


def _signature() -> schema.SignatureDefT:
    def entry(name: str, index: int) -> schema.TensorMapT:
        found = schema.TensorMapT()
        found.name, found.tensorIndex = name, index
        return found

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0
    signature.inputs, signature.outputs = [entry("x", 0)], [entry("y", 3)]
    return signature
