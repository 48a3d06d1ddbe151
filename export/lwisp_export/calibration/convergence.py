"""Convergence: how the measured ranges grow with the number of frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lwisp_export.quantization.ranges import Range, measure_ranges
from lwisp_mobile.progress import track
from lwisp_mobile.tflite.graph import Graph


@dataclass(frozen=True)
class ConvergencePoint:
    """The ranges after some of the frames, relative to those after all."""

    frames: int
    mean_share: float
    """Mean over activations of range width so far over final range width, in [0, 1]."""
    least_share: float
    """Of the activation furthest from its final range."""


def measure_convergence(float_model: Graph, frames: Sequence[Sequence[np.ndarray]]) -> tuple[ConvergencePoint, ...]:
    """A point after each frame, in a fixed shuffled order, because files come sorted by scene.

    float_model: a student's, with weights of float32 or float16. frames: each frame's tiles,
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


def _activations(float_model: Graph) -> list[str]:
    """Names of the tensors that depend on the picture and aren't always 0."""
    varying = {*float_model.inputs}
    for operator in float_model.operators:
        if varying.intersection(operator.inputs) and operator.kind != "SUB":
            varying.update(operator.outputs)
    return [tensor.name for tensor in sorted(varying - {*float_model.inputs})]
