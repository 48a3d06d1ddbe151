"""From measured ranges to ranges that int8 kernels can work with: bound together, clipped, widened."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from lwisp_export.errors import QuantizationError
from lwisp_export.quantization.ranges import STEPS, Range
from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

SIGMOID_EDGES = Range(-6.24, 5.2)
"""Beyond these, sigmoid is within half an int8 step (1/512) of its lowest value, 0, or its highest, 255/256: what of
int8's values is spent there is lost."""
UNIT_RANGE = Range(0.0, 1.0)
SIGMOID_RANGE = Range(0.0, STEPS / 256)
"""What the kernels fix for a sigmoid's output: scale 1/256, zero point -128."""

# Output and input keep one scale.
_SAME_SCALE = ("DEPTH_TO_SPACE", "MAX_POOL_2D", "REDUCE_MAX")
# XNNPACK takes ratios of input to output scale below 256, for sums down to 1/1024. A factor of two is kept from both.
_LARGEST_RATIO = 128.0
_SMALLEST_RATIO = 1 / 512
_LARGEST_BIAS = 2.0**30
_SMALLEST_SCALE = 1e-6
_ROUNDS = 50


def settle_ranges(graph: Graph, measured: Mapping[str, Range], *, clip_logits: bool = True) -> dict[str, Range]:
    """Ranges for the quantizer, by tensor name.

    graph: the float model. measured: by `measure_ranges`. The input is exactly [0, 1], and so are features that it's
    joined to, which equalisation brings to its level; the picture and every sigmoid's result have the range that the
    kernels fix; what goes into a sigmoid can be clipped where it saturates; all inputs of a CONCATENATION share its
    range, because requantising before it is biased (4 to 7 dB); and no range is so small (a dead unit's is 0) that a
    kernel refuses the ratio of scales.
    """
    sigmoids = [operator.output for operator in graph.operators if operator.kind == "LOGISTIC"]
    fixed = dict.fromkeys(_of_one_scale(graph, graph.inputs), UNIT_RANGE)
    fixed |= dict.fromkeys([*sigmoids, *_of_one_scale(graph, graph.outputs)], SIGMOID_RANGE)
    results = [tensor for operator in graph.operators for tensor in operator.outputs]
    ranges = {tensor: measured[tensor.name] for tensor in results if tensor not in fixed}
    if clip_logits:
        ranges.update({tensor: ranges[tensor].clip(SIGMOID_EDGES) for tensor in _logits(graph)})
    settled = _widen(graph, {**ranges, **fixed}, fixed)
    return {tensor.name: found for tensor, found in settled.items()}


def _of_one_scale(graph: Graph, tensors: Iterable[Tensor]) -> set[Tensor]:
    """Some tensors and all that must have their scale."""
    found = {*tensors}
    return found.union(*(group for group in same_scale_groups(graph) if not found.isdisjoint(group)))


def _logits(graph: Graph) -> set[Tensor]:
    """Tensors that nothing but sigmoids read, directly or through a DEPTH_TO_SPACE."""
    logits: set[Tensor] = set()
    others: set[Tensor] = set()
    for operator in reversed(graph.operators):
        if operator.kind == "LOGISTIC" or (operator.kind == "DEPTH_TO_SPACE" and operator.output in logits):
            logits.add(operator.inputs[0])
        if operator.kind not in ("LOGISTIC", "DEPTH_TO_SPACE"):
            others.update(operator.inputs)
    return logits - others


def same_scale_groups(graph: Graph) -> list[set[Tensor]]:
    """Sets of tensors that must have one scale."""
    groups: list[set[Tensor]] = []
    for operator in graph.operators:
        if operator.kind not in (*_SAME_SCALE, "CONCATENATION"):
            continue
        sources = operator.inputs if operator.kind == "CONCATENATION" else operator.inputs[:1]
        group = {*sources, *operator.outputs}
        for other in [other for other in groups if not other.isdisjoint(group)]:
            group |= other
            groups.remove(other)
        groups.append(group)
    return groups


def _share(ranges: dict[Tensor, Range], groups: list[set[Tensor]]) -> None:
    for group in groups:
        shared = Range(0.0, 0.0)
        for tensor in group:
            shared = shared.join(ranges[tensor])
        ranges.update(dict.fromkeys(group, shared))


def _widen(graph: Graph, ranges: dict[Tensor, Range], fixed: dict[Tensor, Range]) -> dict[Tensor, Range]:
    """Share and widen ranges until every operation's ratio of scales is one that XNNPACK takes."""
    groups = same_scale_groups(graph)
    for _ in range(_ROUNDS):
        before = dict(ranges)
        _share(ranges, groups)
        for operator in graph.operators:
            for tensor, scale in _needs(operator, ranges):
                ranges[tensor] = ranges[tensor].widen(max(scale, _SMALLEST_SCALE))
        ranges |= fixed
        if ranges == before:
            return ranges
    raise QuantizationError(f"The activation ranges don't settle in {_ROUNDS} rounds. Train the student longer.")


def _needs(operator: Operator, ranges: Mapping[Tensor, Range]) -> Iterator[tuple[Tensor, float]]:
    """The smallest scales that an operation takes, as (tensor, scale)."""
    result = operator.output
    scales = {tensor: ranges[tensor].scale for tensor in operator.inputs if tensor in ranges}
    if operator.kind == "CONV_2D":
        source, weights = operator.inputs[0], weight_scales(operator)
        yield source, float(np.max(np.abs(operator.bias.values()) / weights)) / _LARGEST_BIAS
        yield result, scales[source] * float(weights.max()) / _LARGEST_RATIO
    elif operator.kind in ("ADD", "SUB"):
        yield from ((source, ranges[result].scale * _SMALLEST_RATIO) for source in scales)
        yield result, max(scales.values()) / _LARGEST_RATIO
    elif operator.kind == "MUL":
        yield result, float(np.prod([ranges[tensor].scale for tensor in operator.inputs])) / _LARGEST_RATIO
    elif operator.kind == "MEAN":
        yield result, max(scales.values()) / _LARGEST_RATIO


def weight_scales(convolution: Operator) -> np.ndarray:
    """Per-filter int8 steps of a convolution's weights, (filters,) float32.

    A filter of (almost) zeros gets a step in proportion to its neighbours': with its own, its bias would overflow.
    """
    weights = convolution.weights.values()
    largest = np.abs(weights).reshape(weights.shape[0], -1).max(axis=1)
    steps: np.ndarray = np.maximum(largest, max(largest.max() / 1024, _SMALLEST_SCALE)) / 127
    return steps
