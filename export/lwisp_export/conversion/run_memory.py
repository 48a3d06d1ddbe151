"""What running a graph takes of memory, counted on the graph: buffers of XNNPACK, inputs and outputs, laid-out weights.

XNNPACK prepares, for every convolution larger than 1x1 and every pooling, a pointer to the input for each tap and pixel
of the output (its indirection buffer), and keeps it as long as the input's size stays. Features between operators
share one workspace, in which each is held from the operator that makes it to the last that reads it. Weights are laid
out once for every subgraph that has them.
"""

import math
from dataclasses import dataclass

import numpy as np

from lwisp_export.conversion.receptive_field import map_sides
from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

POINTER_BYTES = 8
PADDING_RATIO = 1.08
"""Laid-out weights over their own size: filled up to the kernels' tiles, with biases. Measured, as the next."""
FIXED_BYTES = 4_500_000
"""An interpreter without weights: its graphs, a stack per thread, scratch memory of kernels."""


def interpreter_bytes(model: Graph) -> int:
    """Bytes that an interpreter takes whatever the size of its runs. model: with all its subgraphs."""
    stored = sum(len(buffer.data) for buffer in model.model.buffers if buffer.data is not None)
    weights = sum(_weight_bytes(operator) for graph in model.subgraphs for operator in graph.operators)
    return round(FIXED_BYTES + stored + PADDING_RATIO * weights)


@dataclass(frozen=True)
class RunBytes:
    """What one run takes at the stored size, without image-wide tensors and weights."""

    kept: int
    """For this subgraph, as long as its input's size stays: pointers, and the engine's inputs and outputs."""
    shared: int
    """By all subgraphs of an interpreter, or while the run lasts: features, and the caller's inputs and outputs."""


def run_bytes(graph: Graph) -> RunBytes:
    """Count one run of a subgraph."""
    sizes = {tensor: _bytes(tensor) for tensor in map_sides(graph)}
    interface = {*graph.inputs, *graph.outputs} & sizes.keys()
    interface_bytes = sum(sizes[tensor] for tensor in interface)
    pointers = sum(_pointers(operator) for operator in graph.operators)
    features = _peak_bytes(graph, {tensor: size for tensor, size in sizes.items() if tensor not in interface})
    return RunBytes(POINTER_BYTES * pointers + interface_bytes, features + interface_bytes)


def _pointers(operator: Operator) -> int:
    """Taps of an operator that XNNPACK keeps pointers for, times the pixels of its output."""
    if operator.kind == "CONV_2D":
        taps = math.prod(operator.weights.shape[1:3])
    elif operator.kind == "MAX_POOL_2D":
        taps = operator.window_height**2
    else:
        taps = 1
    return taps * math.prod(operator.output.shape[1:3]) if taps > 1 else 0


def _peak_bytes(graph: Graph, sizes: dict[Tensor, int]) -> int:
    """The most that features take at once. sizes: bytes by tensor."""
    last_read = {tensor: place for place, operator in enumerate(graph.operators) for tensor in operator.inputs}
    held, peak = dict[Tensor, int](), 0
    for place, operator in enumerate(graph.operators):
        held |= {tensor: sizes[tensor] for tensor in operator.outputs if tensor in sizes}
        peak = max(peak, sum(held.values()))
        held = {tensor: size for tensor, size in held.items() if last_read.get(tensor, 0) > place}
    return peak


def _weight_bytes(operator: Operator) -> int:
    """Of a convolution's weights in the type it computes in: fp16 weights are laid out as float32."""
    if operator.kind != "CONV_2D":
        return 0
    return math.prod(operator.weights.shape) * np.dtype(operator.output.dtype).itemsize


def _bytes(tensor: Tensor) -> int:
    return math.prod(tensor.shape) * np.dtype(tensor.dtype).itemsize
