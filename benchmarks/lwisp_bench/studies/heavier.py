"""A model made heavier by known multiply-adds, or merely reordered, that computes what it did before, bit for bit.

The gate's test objects: between two convolutions that nothing else reads, channels of weight zero cost as much as any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import operator_macs
from lwisp_mobile.tflite.graph import Graph, Operator, Quantization, Tensor

Change = Callable[[NDArray[Any], int], NDArray[Any]]
"""Of an array, along an axis."""


@dataclass(frozen=True)
class Pair:
    """Two 3x3 convolutions, the first read by the second alone; their places among the graph's operators."""

    first: int
    second: int
    macs_per_channel: int
    """Multiply-adds that one more channel between them costs."""


def primary(graph: Graph) -> Graph:
    """The model's primary subgraph alone."""
    alone = graph.copy()
    alone.isolate()
    alone.share_buffers()
    return alone


def pairs(graph: Graph) -> tuple[Pair, ...]:
    """The places where channels can be added, in the graph's order."""
    places = {operator: place for place, operator in enumerate(graph.operators)}
    found = []
    for first, place in places.items():
        readers = graph.readers(first.output)
        if _is_conv3x3(first) and len(readers) == 1 and _is_conv3x3(readers[0]):
            found.append(Pair(place, places[readers[0]], _macs_per_channel(first, readers[0])))
    return tuple(found)


def heavier(graph: Graph, share: float, pair: Pair) -> Graph:
    """The primary subgraph with about `share` of its convolutions' multiply-adds added as channels of zeros in a pair.

    graph: int8 or float32. Raises UsageError if it's so small that a channel is more than that.
    """
    macs = sum(operator_macs(operator) for operator in graph.operators if operator.kind == "CONV_2D")
    extra = round(share * macs / pair.macs_per_channel)
    if extra < 1:
        raise UsageError(f"One channel costs more than {share:.1%} of the model; choose another pair of convolutions.")
    return _changed(graph, pair, lambda values, axis: np.pad(values, _padding(values.ndim, axis, extra)))


def reordered(graph: Graph, pair: Pair, seed: int) -> Graph:
    """The primary subgraph with the channels of a pair shuffled: another file, the same work."""
    order = np.random.default_rng(seed).permutation(graph.operators[pair.first].weights.shape[0])
    return _changed(graph, pair, lambda values, axis: np.take(values, order, axis))


def _is_conv3x3(operator: Operator) -> bool:
    return operator.kind == "CONV_2D" and operator.weights.shape[1:3] == (3, 3) and operator.weights.is_constant


def _macs_per_channel(first: Operator, second: Operator) -> int:
    filters, inputs = first.weights.shape[0], second.weights.shape[-1]
    return operator_macs(first) // filters + operator_macs(second) // inputs


def _changed(graph: Graph, pair: Pair, change: Change) -> Graph:
    """Apply a change to everything that has the channels between a pair."""
    changed = primary(graph)
    first, second = changed.operators[pair.first], changed.operators[pair.second]
    for tensor in (first.weights, first.bias):
        changed.set_constant([tensor], change(tensor.values(), 0))
        _change_scales(tensor, change)
    changed.set_constant([second.weights], change(second.weights.values(), 3))
    first.output.set_shape([*first.output.shape[:3], first.weights.shape[0]])
    changed.share_buffers()
    return changed


def _change_scales(tensor: Tensor, change: Change) -> None:
    grid = tensor.quantization
    if grid is not None and len(grid.scales) > 1:
        scales = change(grid.scales, 0)
        scales = np.where(scales == 0, grid.scales[0], scales)  # a new channel takes the first's
        tensor.set_quantization(Quantization(scales, np.zeros(len(scales), np.int64)))


def _padding(axes: int, axis: int, extra: int) -> list[tuple[int, int]]:
    return [(0, extra if place == axis else 0) for place in range(axes)]
