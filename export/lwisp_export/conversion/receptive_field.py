"""How far a subgraph's output sees into its inputs: tile geometry, counted on the graph that runs."""

import math
from dataclasses import dataclass

from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.graph import Graph, Operator, Padding, Tensor

_ARITHMETIC = (
    *("ADD", "SUB", "MUL", "LOGISTIC", "RELU", "MINIMUM", "LEAKY_RELU"),
    *("CONCATENATION", "QUANTIZE", "DEQUANTIZE"),
)
_OVER_CHANNELS = ("MEAN", "REDUCE_MAX")
"""Where they don't run over channels, they make an image-wide tensor, and the graph is cut behind those."""


@dataclass(frozen=True)
class Reach:
    """Where tiles of a subgraph may begin and how much they must overlap, in packed pixels."""

    halo_px: int
    """The least that lets kept parts lie end to end: twice it is a multiple of multiple_px."""
    multiple_px: int


@dataclass(frozen=True)
class _Span:
    """Pixels [start, stop) of a tensor, in its own pixels."""

    start: int
    stop: int

    def joined(self, other: "_Span | None") -> "_Span":
        return self if other is None else _Span(min(self.start, other.start), max(self.stop, other.stop))


def reach_of(graph: Graph, packed_px: int) -> Reach:
    """Follow the output's cells back to the inputs.

    packed_px: side of the packed input at the size that is stored; the graph's own inputs may be smaller maps. Outputs
    that are all image-wide have no halo. Raises ConversionError on an operator whose reach isn't known.
    """
    sides = map_sides(graph)
    multiple = max(packed_px // side for side in sides.values())
    if not sides.keys() & graph.outputs:
        return Reach(0, multiple)
    (output,) = graph.outputs
    cell = max(1, packed_px // sides[output])
    overhangs = {
        phase: _overhangs(graph, sides, _Cell(phase, phase + cell, packed_px)) for phase in range(0, multiple, cell)
    }
    return Reach(_halo(overhangs, multiple, cell), multiple)


@dataclass(frozen=True)
class _Cell:
    """Packed pixels [start, stop) of the output, which are one or more of its own. packed_px: the side of the whole."""

    start: int
    stop: int
    packed_px: int


def _halo(overhangs: dict[int, tuple[int, int]], multiple: int, cell: int) -> int:
    """Tiles begin at multiples, so the halo says where in a multiple a kept part begins and the one before it ends.

    overhangs: before and behind a cell, by its place in the multiple.
    """
    halo, step = 0, multiple // 2 if multiple >= 2 * cell else multiple
    while halo < max(overhangs[halo % multiple][0], overhangs[(halo - cell) % multiple][1]):
        halo += step
    return halo


def _overhangs(graph: Graph, sides: dict[Tensor, int], cell: _Cell) -> tuple[int, int]:
    """Packed pixels that a cell's values depend on, before its own and behind them."""
    (output,) = graph.outputs
    spans = {output: _Span(*(px * sides[output] // cell.packed_px for px in (cell.start, cell.stop)))}
    for operator in reversed(graph.operators):
        if operator.output in spans:
            span = _before(operator, spans[operator.output])
            for source in sides.keys() & operator.inputs:
                spans[source] = span.joined(spans.get(source))
    read = [(spans[tensor], cell.packed_px // sides[tensor]) for tensor in sides.keys() & graph.inputs]
    before = max(cell.start - span.start * scale for span, scale in read)
    return before, max(span.stop * scale - cell.stop for span, scale in read)


def map_sides(graph: Graph) -> dict[Tensor, int]:
    """Sides of the tensors that are maps: not weights, and larger than the 1x1 of gates and vectors."""
    varying = set(graph.inputs)
    for operator in graph.operators:
        if varying.intersection(operator.inputs):
            varying.update(operator.outputs)
    return {tensor: tensor.shape[1] for tensor in varying if tensor.shape[1] > 1}


def _before(operator: Operator, span: _Span) -> _Span:
    """The pixels of an operator's input that these pixels of its output come from."""
    name = operator.kind
    if name in (*_ARITHMETIC, *_OVER_CHANNELS):
        return span
    if name == "DEPTH_TO_SPACE":
        return _Span(span.start // operator.block_size, math.ceil(span.stop / operator.block_size))
    if name == "MAX_POOL_2D":
        return _windows(span, operator.window_height, operator.strides[0])
    if name == "CONV_2D":
        size = operator.weights.shape[1]
        if operator.padding == Padding.SAME or size == 1:
            return _windows(span, size, operator.strides[0])
        name = f"CONV_2D with a {size}x{size} filter and VALID padding"
    raise ConversionError(f"How far {name} reaches isn't known; adapt lwisp_export/conversion/receptive_field.py.")


def _windows(span: _Span, size: int, stride: int) -> _Span:
    """Windows with SAME padding on sides that the stride divides: (size - stride) / 2 px before each, rounded down."""
    before = max(size - stride, 0) // 2
    return _Span(span.start * stride - before, (span.stop - 1) * stride - before + size)
