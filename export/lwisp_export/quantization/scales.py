"""From measured ranges to ranges that int8 kernels can work with: bound together, clipped, widened."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lwisp_export.conversion.writer import constant, ids
from lwisp_export.errors import QuantizationError
from lwisp_export.quantization.ranges import STEPS, Range
from lwisp_mobile.tflite.reader import operator_name, text

SIGMOID_EDGES = Range(-6.24, 5.2)
"""Beyond these, sigmoid is within half an int8 step (1/512) of its lowest code, 0, or its highest, 255/256: codes
spent there are lost."""
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


def settle_ranges(tree: Any, measured: dict[str, Range], *, clip_logits: bool = True) -> dict[str, Range]:
    """Ranges for the quantizer, by tensor name.

    tree: ModelT of the float model. measured: by `measure_ranges`. The input is exactly [0, 1]; the picture and every
    sigmoid's result have the range that the kernels fix; what goes into a sigmoid can be clipped where it saturates;
    all inputs of a CONCATENATION share its range, because requantising before it is biased (4 to 7 dB); and no range is
    so small (a dead unit's is 0) that a kernel refuses the ratio of scales.
    """
    graph = tree.subgraphs[0]
    names = [text(tensor.name) for tensor in graph.tensors]
    results = {i for operator in graph.operators for i in ids(operator.outputs)}
    sigmoids = [operator for operator in graph.operators if operator_name(tree, operator) == "LOGISTIC"]
    fixed = dict.fromkeys(ids(graph.inputs), UNIT_RANGE)
    fixed |= dict.fromkeys([*(int(operator.outputs[0]) for operator in sigmoids), *_picture(tree)], SIGMOID_RANGE)
    ranges = {i: measured[names[i]] for i in results if i not in fixed}
    if clip_logits:
        ranges.update({i: ranges[i].clip(SIGMOID_EDGES) for i in _logits(tree)})
    settled = _widen(tree, {**ranges, **fixed}, fixed)
    return {names[i]: found for i, found in settled.items()}


def _picture(tree: Any) -> set[int]:
    """The picture, and what only needs moving to be it."""
    picture = {*ids(tree.subgraphs[0].outputs)}
    return picture.union(*(group for group in same_scale_groups(tree) if not picture.isdisjoint(group)))


def _logits(tree: Any) -> set[int]:
    """Tensors that nothing but sigmoids read, directly or through a DEPTH_TO_SPACE."""
    logits: set[int] = set()
    for operator in reversed(tree.subgraphs[0].operators):
        name, source = operator_name(tree, operator), int(operator.inputs[0])
        if name == "LOGISTIC" or (name == "DEPTH_TO_SPACE" and int(operator.outputs[0]) in logits):
            logits.add(source)
    readers = [(int(i), o) for o in tree.subgraphs[0].operators for i in ids(o.inputs)]
    others = {i for i, o in readers if operator_name(tree, o) not in ("LOGISTIC", "DEPTH_TO_SPACE")}
    return logits - others


def same_scale_groups(tree: Any) -> list[set[int]]:
    """Sets of tensors that must have one scale. tree: ModelT."""
    groups: list[set[int]] = []
    for operator in tree.subgraphs[0].operators:
        name = operator_name(tree, operator)
        if name not in (*_SAME_SCALE, "CONCATENATION"):
            continue
        sources = ids(operator.inputs) if name == "CONCATENATION" else ids(operator.inputs)[:1]
        group = {*sources, *ids(operator.outputs)}
        for other in [other for other in groups if not other.isdisjoint(group)]:
            group |= other
            groups.remove(other)
        groups.append(group)
    return groups


def _share(ranges: dict[int, Range], groups: list[set[int]]) -> None:
    for group in groups:
        shared = Range(0.0, 0.0)
        for i in group:
            shared = shared.join(ranges[i])
        ranges.update(dict.fromkeys(group, shared))


def _widen(tree: Any, ranges: dict[int, Range], fixed: dict[int, Range]) -> dict[int, Range]:
    """Share and widen ranges until every operation's ratio of scales is one that XNNPACK takes."""
    groups = same_scale_groups(tree)
    for _ in range(_ROUNDS):
        before = dict(ranges)
        _share(ranges, groups)
        for operator in tree.subgraphs[0].operators:
            for tensor, scale in _needs(tree, operator, ranges):
                ranges[tensor] = ranges[tensor].widen(max(scale, _SMALLEST_SCALE))
        ranges |= fixed
        if ranges == before:
            return ranges
    raise QuantizationError(f"The activation ranges don't settle in {_ROUNDS} rounds. Train the student longer.")


def _needs(tree: Any, operator: Any, ranges: dict[int, Range]) -> Iterator[tuple[int, float]]:
    """The smallest scales that an operation takes, as (tensor, scale)."""
    name = operator_name(tree, operator)
    result = int(operator.outputs[0])
    scales = {i: ranges[i].scale for i in ids(operator.inputs) if i in ranges}
    if name == "CONV_2D":
        source = int(operator.inputs[0])
        weights = weight_scales(tree, operator)
        biases = constant(tree, int(operator.inputs[2]))
        yield source, float(np.max(np.abs(biases) / weights)) / _LARGEST_BIAS
        yield result, scales[source] * float(weights.max()) / _LARGEST_RATIO
    elif name in ("ADD", "SUB"):
        yield from ((source, ranges[result].scale * _SMALLEST_RATIO) for source in scales)
        yield result, max(scales.values()) / _LARGEST_RATIO
    elif name == "MUL":
        yield result, float(np.prod([ranges[int(i)].scale for i in operator.inputs])) / _LARGEST_RATIO
    elif name == "MEAN":
        yield result, max(scales.values()) / _LARGEST_RATIO


def weight_scales(tree: Any, operator: Any) -> np.ndarray:
    """Per-filter int8 steps of a convolution's weights, (filters,) float32.

    A filter of (almost) zeros gets a step in proportion to its neighbours': with its own, its bias would overflow.
    """
    weights = constant(tree, int(operator.inputs[1]))
    largest = np.abs(weights).reshape(weights.shape[0], -1).max(axis=1)
    steps: np.ndarray = np.maximum(largest, max(largest.max() / 1024, _SMALLEST_SCALE)) / 127
    return steps
