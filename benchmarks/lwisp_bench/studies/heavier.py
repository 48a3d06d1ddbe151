"""A model made heavier by known multiply-adds, or merely reordered, that computes what it did before, bit for bit.

The gate's test objects: between two convolutions that nothing else reads, channels of weight zero cost as much as any.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from flatbuffers import Builder
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError
from lwisp_mobile.tflite.reader import IDENTIFIER, dtype_name, operator_name, parse_tflite, schema, shape_of

Weights = NDArray[np.generic]


@dataclass(frozen=True)
class Pair:
    """Two 3x3 convolutions, the first read by the second alone; their place among the graph's operators."""

    first: int
    second: int
    macs_per_channel: int
    """Multiply-adds that one more channel between them costs."""


def primary(model: bytes) -> bytes:
    """The model's primary subgraph alone, written as `heavier` and `reordered` write theirs."""
    return _pack(_primary(model))


def pairs(model: bytes) -> tuple[Pair, ...]:
    """The places where channels can be added, in the graph's order."""
    return _pairs(_primary(model))


def heavier(model: bytes, share: float, pair: Pair) -> bytes:
    """Add about `share` of the model's convolution multiply-adds as channels of zeros between a pair.

    model: an int8 or float32 .tflite. Raises UsageError if it's so small that a channel is more than that.
    """
    tree = _primary(model)
    extra = round(share * _conv_macs(tree) / pair.macs_per_channel)
    if extra < 1:
        raise UsageError(f"One channel costs more than {share:.1%} of the model; choose another pair of convolutions.")
    _change_channels(tree, pair, lambda weights, axis: np.pad(weights, _padding(weights.ndim, axis, extra)))
    return _pack(tree)


def reordered(model: bytes, pair: Pair, seed: int) -> bytes:
    """Shuffle the channels between a pair: another file, the same work."""
    tree = _primary(model)
    channels = shape_of(tree.subgraphs[0].tensors[tree.subgraphs[0].operators[pair.first].inputs[1]])[0]
    order = np.random.default_rng(seed).permutation(channels)
    _change_channels(tree, pair, lambda weights, axis: np.take(weights, order, axis))
    return _pack(tree)


def _primary(model: bytes) -> Any:
    tree = parse_tflite(model)
    tree.subgraphs, tree.signatureDefs, tree.metadata = tree.subgraphs[:1], [], []
    return tree


def _pairs(tree: Any) -> tuple[Pair, ...]:
    graph = tree.subgraphs[0]
    readers: dict[int, list[int]] = {}
    for place, operator in enumerate(graph.operators):
        for index in operator.inputs:
            readers.setdefault(int(index), []).append(place)
    found = []
    for place, operator in enumerate(graph.operators):
        after = readers.get(int(operator.outputs[0]), [])
        if _is_conv3x3(tree, operator) and len(after) == 1 and _is_conv3x3(tree, graph.operators[after[0]]):
            found.append(Pair(place, after[0], _macs_per_channel(tree, operator, graph.operators[after[0]])))
    return tuple(found)


def _is_conv3x3(tree: Any, operator: Any) -> bool:
    weights = tree.subgraphs[0].tensors[operator.inputs[1]] if operator_name(tree, operator) == "CONV_2D" else None
    return weights is not None and shape_of(weights)[1:3] == (3, 3) and tree.buffers[weights.buffer].data is not None


def _macs_per_channel(tree: Any, first: Any, second: Any) -> int:
    tensors = tree.subgraphs[0].tensors
    _, *kernel, inputs = shape_of(tensors[first.inputs[1]])
    outputs, *its_kernel, _ = shape_of(tensors[second.inputs[1]])
    pixels, its_pixels = (int(np.prod(shape_of(tensors[one.outputs[0]])[:3])) for one in (first, second))
    return pixels * int(np.prod(kernel)) * inputs + its_pixels * int(np.prod(its_kernel)) * outputs


def _conv_macs(tree: Any) -> int:
    tensors = tree.subgraphs[0].tensors
    convolutions = [one for one in tree.subgraphs[0].operators if operator_name(tree, one) == "CONV_2D"]
    return sum(
        int(np.prod(shape_of(tensors[one.outputs[0]]))) * int(np.prod(shape_of(tensors[one.inputs[1]])[1:]))
        for one in convolutions
    )


def _change_channels(tree: Any, pair: Pair, change: Any) -> None:
    """Apply a change to everything that has the channels between a pair. change: of an array, along an axis."""
    graph = tree.subgraphs[0]
    first, second = graph.operators[pair.first], graph.operators[pair.second]
    for index, axis in ((first.inputs[1], 0), (first.inputs[2], 0), (second.inputs[1], 3)):
        tensor = graph.tensors[index]
        values = np.frombuffer(bytes(bytearray(tree.buffers[tensor.buffer].data)), dtype_name(tensor))
        values = change(values.reshape(shape_of(tensor)), axis)
        tensor.shape, tensor.buffer = np.array(values.shape, np.int32), _add_buffer(tree, values)
        if axis == 0 and tensor.quantization is not None and tensor.quantization.scale is not None:
            _change_scales(tensor.quantization, change)
    between = graph.tensors[first.outputs[0]]
    between.shape = np.array([*shape_of(between)[:3], shape_of(graph.tensors[first.inputs[1]])[0]], np.int32)


def _change_scales(quantization: Any, change: Any) -> None:
    if len(quantization.scale) > 1:
        scales = change(np.asarray(quantization.scale, np.float32), 0)
        quantization.scale = np.where(scales == 0, quantization.scale[0], scales)  # a new channel takes the first's
        quantization.zeroPoint = np.zeros(len(scales), np.int64)


def _padding(axes: int, axis: int, extra: int) -> list[tuple[int, int]]:
    return [(0, extra if place == axis else 0) for place in range(axes)]


def _add_buffer(tree: Any, values: Weights) -> int:
    buffer = schema().BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
    tree.buffers.append(buffer)
    return len(tree.buffers) - 1


def _pack(tree: Any) -> bytes:
    builder = Builder(1 << 20)
    builder.Finish(tree.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
