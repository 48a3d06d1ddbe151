"""A float model with its convolutions' weights on the int8 grid and their biases corrected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_export.conversion.writer import constant, pack_tflite, set_constant, share_buffers
from lwisp_export.quantization.moments import Moments, measure_moments
from lwisp_export.quantization.recipe import WeightRules
from lwisp_export.quantization.rounding import round_compensated, round_nearest
from lwisp_export.quantization.scales import weight_scales
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, text


@dataclass(frozen=True)
class RoundedModel:
    """A float model whose convolutions compute what int8 weights will."""

    model: bytes
    steps: dict[str, NDArray[np.float64]]
    """Per-filter int8 steps, (filters,), by the name of the weights' tensor."""


def round_weights(
    float_model: bytes, tiles: Sequence[np.ndarray], rules: WeightRules, float_operators: Collection[str]
) -> RoundedModel:
    """Put convolutions' weights on their int8 grid, but for those of operators that stay float.

    Blocks that run twice share their weights, which are rounded once, for what both runs read; their biases are each
    run's own. float_operators: names of output tensors. Other arguments and errors as for `measure_moments`.
    """
    tree = parse_tflite(float_model)
    graph = tree.subgraphs[0]
    moments = measure_moments(float_model, tiles)
    blocks: dict[int, list[Any]] = {}
    for operator in graph.operators:
        stays = text(graph.tensors[operator.outputs[0]].name) in float_operators
        if operator_name(tree, operator) == "CONV_2D" and not stays:
            blocks.setdefault(graph.tensors[operator.inputs[1]].buffer, []).append(operator)
    steps = {}
    for operators in blocks.values():
        found = weight_scales(tree, operators[0]).astype(np.float64)
        steps.update({text(graph.tensors[operator.inputs[1]].name): found for operator in operators})
        _round_block(tree, operators, found, moments, rules)
    share_buffers(tree)
    return RoundedModel(pack_tflite(tree), steps)


def _round_block(
    tree: Any, operators: Sequence[Any], steps: NDArray[np.float64], moments: dict[str, Moments], rules: WeightRules
) -> None:
    """Round the weights that these operators share, and correct each one's bias."""
    values = constant(tree, operators[0].inputs[1])
    weights = values.reshape(len(values), -1).astype(np.float64)
    read = [moments[text(tree.subgraphs[0].tensors[operator.outputs[0]].name)] for operator in operators]
    if rules.rounding == "compensated":
        covariance = np.mean([found.covariance for found in read], axis=0)
        rounded = round_compensated(weights, steps, covariance)
    else:
        rounded = round_nearest(weights, steps)
    set_constant(tree, [operator.inputs[1] for operator in operators], rounded.reshape(values.shape))
    if rules.correct_bias:
        for operator, found in zip(operators, read):
            shift = (weights - rounded) @ found.mean
            set_constant(tree, [operator.inputs[2]], constant(tree, operator.inputs[2]) + shift)
