"""How the measured ranges grow with the number of frames, and whether they have stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lwisp_export.conversion.writer import ids
from lwisp_export.quantization.ranges import Range, measure_ranges
from lwisp_mobile.progress import track
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, text


@dataclass(frozen=True)
class ConvergencePoint:
    """The ranges after some of the frames, beside those after all."""

    frames: int
    mean_share: float
    """Mean over activations of range width so far over final range width, in [0, 1]."""
    least_share: float
    """Of the activation that is furthest from its final range."""


def measure_convergence(float_model: bytes, frames: Sequence[Sequence[np.ndarray]]) -> tuple[ConvergencePoint, ...]:
    """A point after each frame, in an order that is shuffled the same way each time: files come sorted by scene.

    float_model: a student's float .tflite, with weights of float32 or float16. frames: each frame's tiles,
    (h, w, planes) float32 in [0, 1].
    """
    names = _activations(float_model)
    order = np.random.default_rng(0).permutation(len(frames))
    joined: dict[str, Range] = {}
    widths = []
    for index in track(order, label="convergence", unit="frame", total=len(frames)):
        found = measure_ranges(float_model, frames[index])
        joined = {name: found[name].join(joined.get(name, found[name])) for name in names}
        widths.append([joined[name].high - joined[name].low for name in names])
    shares = np.array(widths) / np.maximum(widths[-1], 1e-30)
    return tuple(ConvergencePoint(i + 1, float(row.mean()), float(row.min())) for i, row in enumerate(shares))


def _activations(float_model: bytes) -> list[str]:
    """Names of the tensors that depend on the picture and aren't always 0."""
    tree = parse_tflite(float_model)
    graph = tree.subgraphs[0]
    varying = {*ids(graph.inputs)}
    for operator in graph.operators:
        if varying.intersection(ids(operator.inputs)) and operator_name(tree, operator) != "SUB":
            varying.update(ids(operator.outputs))
    return [text(graph.tensors[index].name) for index in sorted(varying - {*ids(graph.inputs)})]
