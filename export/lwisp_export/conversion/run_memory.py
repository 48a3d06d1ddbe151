"""What running a graph takes of memory, counted on the graph: buffers of XNNPACK, inputs and outputs, laid-out weights.

XNNPACK prepares, for every convolution larger than 1x1 and every pooling, a pointer to the input for each tap and pixel
of the output (its indirection buffer), and keeps it as long as the input's size stays. Features between operators
share one workspace, in which each is held from the operator that makes it to the last that reads it. Weights are laid
out once for every subgraph that has them, whichever is run.
"""

import math
from typing import Any

import numpy as np

from lwisp_export.conversion.receptive_field import map_sides
from lwisp_export.conversion.writer import ids
from lwisp_mobile.tflite.reader import dtype_name, operator_name, shape_of

POINTER_BYTES = 8
INTERFACE_COPIES = 2
"""Of inputs and outputs: the engine's, and those that the caller holds."""
PADDING_RATIO = 1.08
"""Laid-out weights over their own size: filled up to the kernels' tiles, with biases. Measured, as the next."""
FIXED_BYTES = 4_500_000
"""An interpreter without weights: its graphs, and a stack per thread."""


def interpreter_bytes(tree: Any) -> int:
    """Bytes that an interpreter takes before it runs. tree: ModelT, all of whose subgraphs XNNPACK takes over."""
    stored = sum(len(buffer.data) for buffer in tree.buffers if buffer.data is not None)
    weights = sum(_weight_bytes(tree, graph, operator) for graph in tree.subgraphs for operator in graph.operators)
    return round(FIXED_BYTES + stored + PADDING_RATIO * weights)


def run_bytes(tree: Any, subgraph: int) -> int:
    """Bytes that one run takes at the stored size. tree: ModelT. Image-wide tensors and weights aren't counted."""
    graph = tree.subgraphs[subgraph]
    sizes = {i: math.prod(shape_of(graph.tensors[i])) * _value_bytes(graph.tensors[i]) for i in map_sides(graph)}
    interface = {*ids(graph.inputs), *ids(graph.outputs)} & sizes.keys()
    pointers = sum(_pointers(tree, graph, operator) for operator in graph.operators)
    features = _peak_bytes(graph, {i: size for i, size in sizes.items() if i not in interface})
    return POINTER_BYTES * pointers + features + INTERFACE_COPIES * sum(sizes[i] for i in interface)


def _pointers(tree: Any, graph: Any, operator: Any) -> int:
    """Taps of an operator that XNNPACK keeps pointers for, times the pixels of its output."""
    name = operator_name(tree, operator)
    if name == "CONV_2D":
        taps = math.prod(shape_of(graph.tensors[operator.inputs[1]])[1:3])
    elif name == "MAX_POOL_2D":
        taps = operator.builtinOptions.filterHeight * operator.builtinOptions.filterWidth
    else:
        return 0
    _, height, width, _ = shape_of(graph.tensors[operator.outputs[0]])
    return taps * height * width if taps > 1 else 0


def _peak_bytes(graph: Any, sizes: dict[int, int]) -> int:
    """The most that features take at once. sizes: bytes by tensor."""
    last_read = {i: place for place, operator in enumerate(graph.operators) for i in ids(operator.inputs)}
    held, peak = dict[int, int](), 0
    for place, operator in enumerate(graph.operators):
        held |= {i: sizes[i] for i in ids(operator.outputs) if i in sizes}
        peak = max(peak, sum(held.values()))
        held = {i: size for i, size in held.items() if last_read.get(i, 0) > place}
    return peak


def _weight_bytes(tree: Any, graph: Any, operator: Any) -> int:
    """Of a convolution's weights in the type it computes in: fp16 weights are laid out as float32."""
    if operator_name(tree, operator) != "CONV_2D":
        return 0
    weights, output = graph.tensors[operator.inputs[1]], graph.tensors[operator.outputs[0]]
    return math.prod(shape_of(weights)) * _value_bytes(output)


def _value_bytes(tensor: Any) -> int:
    return np.dtype(dtype_name(tensor)).itemsize
