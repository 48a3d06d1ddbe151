"""An object tree back to .tflite bytes: unused parts dropped, equal data stored once, buffers aligned."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np

from lwisp_mobile.tflite.reader import IDENTIFIER, schema

BUFFER_ALIGNMENT = 16
"""The schema's force_align for buffer data, which Python's generated writer ignores."""


def pack_tflite(tree: Any) -> bytes:
    """Write a ModelT. Equal trees give equal bytes."""
    builder = flatbuffers.Builder(1 << 20)
    tree.buffers = [_aligned(buffer) for buffer in tree.buffers]
    builder.Finish(tree.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def add_buffer(tree: Any, data: bytes) -> int:
    """Append a buffer and return its index."""
    buffer = schema().BufferT()
    buffer.data = np.frombuffer(data, np.uint8)
    tree.buffers.append(buffer)
    return len(tree.buffers) - 1


def constant(tree: Any, index: int) -> np.ndarray:
    """A copy of a constant float32 tensor's values, in its shape. index: of the tensor."""
    tensor = tree.subgraphs[0].tensors[index]
    return np.frombuffer(_data(tree.buffers[tensor.buffer]), np.float32).reshape(tensor.shape).copy()


def set_constant(tree: Any, indices: Sequence[int], values: np.ndarray) -> None:
    """Give tensors new float32 values, in one new buffer: others may share the old one."""
    place = add_buffer(tree, values.astype(np.float32).tobytes())
    for index in indices:
        tree.subgraphs[0].tensors[index].buffer = place


def unshare_buffers(tree: Any) -> None:
    """Give every tensor of a float model a buffer of its own, for programs that change one tensor's at a time."""
    taken: set[int] = set()
    for tensor in tree.subgraphs[0].tensors:
        data = tree.buffers[tensor.buffer].data
        if data is not None and tensor.buffer in taken:
            tensor.buffer = add_buffer(tree, bytes(bytearray(data)))
        taken.add(tensor.buffer)


def ids(indices: Any) -> list[int]:
    """Tensor indices of an operator or graph as a list of int; empty when the field is absent."""
    return [] if indices is None else [int(index) for index in indices]


def drop_unused(tree: Any) -> None:
    """Remove tensors that no operator, input or output names, and operator codes that no operator uses."""
    graph = tree.subgraphs[0]
    used = {*ids(graph.inputs), *ids(graph.outputs)}
    for operator in graph.operators:
        used.update(ids(operator.inputs) + ids(operator.outputs))
    place = {old: new for new, old in enumerate(sorted(used - {-1}))}
    place[-1] = -1
    graph.tensors = [tensor for old, tensor in enumerate(graph.tensors) if old in used]
    for owner in (graph, *graph.operators):
        owner.inputs = np.array([place[i] for i in ids(owner.inputs)], np.int32)
        owner.outputs = np.array([place[i] for i in ids(owner.outputs)], np.int32)
    for signature in tree.signatureDefs or []:
        for entry in (*signature.inputs, *signature.outputs):
            entry.tensorIndex = place[entry.tensorIndex]
    _drop_unused_codes(tree)


def share_buffers(tree: Any) -> None:
    """Store equal data once, and nothing that no tensor and no metadata entry refers to.

    A block that runs twice gets two copies of its weights from the converter.
    """
    owners = [tensor for graph in tree.subgraphs for tensor in graph.tensors] + list(tree.metadata or [])
    # Buffer 0 is empty by the format's rule and stands for "no data".
    places: dict[bytes, int] = {b"": 0}
    for owner in owners:
        owner.buffer = places.setdefault(_data(tree.buffers[owner.buffer]), len(places))
    tree.buffers = []
    for data in places:
        add_buffer(tree, data)


def _drop_unused_codes(tree: Any) -> None:
    used = sorted({operator.opcodeIndex for operator in tree.subgraphs[0].operators})
    tree.operatorCodes = [tree.operatorCodes[old] for old in used]
    for operator in tree.subgraphs[0].operators:
        operator.opcodeIndex = used.index(operator.opcodeIndex)


def _data(buffer: Any) -> bytes:
    return b"" if buffer.data is None else bytes(bytearray(buffer.data))


def _aligned(buffer: Any) -> Any:
    """A buffer that writes its data at a multiple of 16 bytes."""
    classes = schema()

    class AlignedBuffer(classes.BufferT):  # type: ignore[misc,name-defined]
        def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802
            data = _write_vector(builder, _data(buffer))
            classes.BufferStart(builder)
            if data is not None:
                classes.BufferAddData(builder, data)
            return int(classes.BufferEnd(builder))

    return AlignedBuffer()


def _write_vector(builder: flatbuffers.Builder, data: bytes) -> int | None:
    if not data:
        return None
    builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
    builder.head = builder.Head() - len(data)
    builder.Bytes[builder.Head() : builder.Head() + len(data)] = data
    return int(builder.EndVector())
