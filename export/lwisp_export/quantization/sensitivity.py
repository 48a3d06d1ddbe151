"""What each tensor's int8 costs the picture, measured one at a time with everything else in float."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lwisp_export.conversion.writer import ids
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.prepare import Prepared
from lwisp_export.quantization.scales import same_scale_groups
from lwisp_export.quantization.simulate import simulate
from lwisp_mobile.progress import track
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, text


@dataclass(frozen=True)
class Part:
    """Tensors that go to int8 together."""

    kind: Literal["activations", "weights"]
    tensors: tuple[str, ...]
    """Activations of one scale; or the outputs of the convolutions that share the weights."""
    operators: tuple[str, ...]
    """Output tensors of the operators that would have to stay float to keep these so."""


@dataclass(frozen=True)
class Sensitivity:
    """The drift of the picture when only one part is int8."""

    part: Part
    mse: float
    """Mean squared error against float over all tiles."""
    psnr_db: float | None
    """The same in dB at data range 1.0; None where nothing changed."""
    share: float
    """Of the sum over all parts, in [0, 1]."""


def measure_sensitivity(prepared: Prepared, tiles: Sequence[np.ndarray]) -> tuple[Sensitivity, ...]:
    """The sensitivities of every part, the largest first. tiles: each (h, w, planes) float32 in [0, 1]."""
    reference = open_model(prepared.exact)
    truths = [reference(tile) for tile in tiles]
    parts = parts_of(prepared)
    errors = [_error(prepared, part, tiles, truths) for part in track(parts, label="sensitivity", unit="tensor")]
    total = max(sum(errors), 1e-30)
    found = [
        Sensitivity(part, error, float(-10 * np.log10(error)) if error else None, error / total)
        for part, error in zip(parts, errors)
    ]
    return tuple(sorted(found, key=lambda sensitivity: -sensitivity.mse))


def parts_of(prepared: Prepared) -> tuple[Part, ...]:
    """Every group of tensors of one scale, and every set of weights."""
    tree = parse_tflite(prepared.exact)
    graph = tree.subgraphs[0]
    groups = same_scale_groups(tree)
    grouped = {tensor for group in groups for tensor in group}
    results = [*ids(graph.inputs), *(int(operator.outputs[0]) for operator in graph.operators)]
    groups += [{tensor} for tensor in results if tensor not in grouped]
    blocks: dict[int, list[str]] = {}
    for operator in graph.operators:
        if operator_name(tree, operator) == "CONV_2D":
            name = text(graph.tensors[operator.outputs[0]].name)
            blocks.setdefault(graph.tensors[operator.inputs[1]].buffer, []).append(name)
    activations = (_activations(graph, sorted(group)) for group in groups)
    return (*activations, *(Part("weights", tuple(names), tuple(names)) for names in blocks.values()))


def _activations(graph: Any, group: Sequence[int]) -> Part:
    touching = [o for o in graph.operators if {*ids(o.inputs), *ids(o.outputs)}.intersection(group)]
    operators = tuple(text(graph.tensors[operator.outputs[0]].name) for operator in touching)
    return Part("activations", tuple(text(graph.tensors[tensor].name) for tensor in group), operators)


def _error(prepared: Prepared, part: Part, tiles: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> float:
    model = simulate(prepared, **{part.kind: part.tensors})
    run = open_model(model)
    return float(np.mean([np.mean((run(tile) - truth) ** 2) for tile, truth in zip(tiles, truths)]))
