"""A float model with its convolutions' weights on the int8 grid and their biases corrected."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.quantization.channel_groups import convolutions_by_weights
from lwisp_export.quantization.moments import Moments, measure_moments
from lwisp_export.quantization.quantization_recipe import WeightRules
from lwisp_export.quantization.rounding import round_compensated, round_nearest
from lwisp_export.quantization.scales import weight_scales
from lwisp_mobile.tflite.graph import Graph, Operator


@dataclass(frozen=True)
class RoundedModel:
    """A float model whose convolutions compute what int8 weights will."""

    model: Graph
    steps: dict[str, NDArray[np.float64]]
    """Per-filter int8 steps, (filters,), by the name of the weights' tensor."""


def round_weights(
    float_model: Graph, tiles: Sequence[np.ndarray], rules: WeightRules, float_operators: Collection[str]
) -> RoundedModel:
    """Put convolutions' weights on their int8 grid, but for those of operators that stay float.

    Blocks that run twice share their weights, which are rounded once, for what both runs read; their biases are each
    run's own. float_operators: names of output tensors. Other arguments and errors as for `measure_moments`.
    """
    graph = float_model.copy()
    needs_moments = rules.rounding == "compensated" or rules.correct_bias
    moments = measure_moments(graph, tiles) if needs_moments else {}
    steps = {}
    for sharing in convolutions_by_weights(graph):
        convolutions = [operator for operator in sharing if operator.output.name not in float_operators]
        if convolutions:
            found = weight_scales(convolutions[0]).astype(np.float64)
            steps.update({convolution.weights.name: found for convolution in convolutions})
            _round_block(graph, convolutions, found, moments, rules)
    graph.share_buffers()
    return RoundedModel(graph, steps)


def _round_block(
    graph: Graph,
    convolutions: Sequence[Operator],
    steps: NDArray[np.float64],
    moments: Mapping[str, Moments],
    rules: WeightRules,
) -> None:
    """Round the weights that these convolutions share, and correct each one's bias."""
    values = convolutions[0].weights.values()
    weights = values.reshape(len(values), -1).astype(np.float64)
    rounded = _rounded(weights, convolutions, steps, moments, rules)
    graph.set_constant([convolution.weights for convolution in convolutions], rounded.reshape(values.shape))
    if rules.correct_bias:
        for convolution in convolutions:
            shift = (weights - rounded) @ moments[convolution.output.name].mean
            graph.set_constant([convolution.bias], convolution.bias.values() + shift)


def _rounded(
    weights: NDArray[np.float64],
    convolutions: Sequence[Operator],
    steps: NDArray[np.float64],
    moments: Mapping[str, Moments],
    rules: WeightRules,
) -> NDArray[np.float64]:
    if rules.rounding == "nearest":
        return round_nearest(weights, steps)
    covariance = np.mean([moments[convolution.output.name].covariance for convolution in convolutions], axis=0)
    return round_compensated(weights, steps, covariance)
