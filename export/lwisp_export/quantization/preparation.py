"""From a float model and calibration tiles to what the quantizer writes: another float model, ranges, weight steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.quantization.bounded_output import drop_bound, is_bounded
from lwisp_export.quantization.channel_duplication import TWICE, duplicate_channels
from lwisp_export.quantization.equalization import equalize
from lwisp_export.quantization.estimators import estimate_ranges
from lwisp_export.quantization.quantization_recipe import DEFAULT_RECIPE, QuantizationRecipe
from lwisp_export.quantization.ranges import Range
from lwisp_export.quantization.scales import settle_ranges
from lwisp_export.quantization.split_sigmoid import split_output
from lwisp_export.quantization.weights import round_weights
from lwisp_mobile.errors import UsageError
from lwisp_mobile.tflite.graph import Graph

Ranges = Mapping[str, Range]


@dataclass(frozen=True)
class Prepared:
    """A float model ready to be written in int8."""

    exact: Graph
    """A float model with the given one's picture, in the form that is quantised."""
    model: Graph
    """The same with its weights on the int8 grid, but for those of operators that stay float."""
    ranges: dict[str, Range]
    """Of every activation, by tensor name."""
    steps: dict[str, NDArray[np.float64]]
    """Per-filter steps of every convolution, (filters,), by the name of its weights' tensor."""


def prepare(
    float_model: Graph, tiles: Sequence[np.ndarray], recipe: QuantizationRecipe, trained: Ranges | None = None
) -> Prepared:
    """Rewrite, round and calibrate a float model as a recipe says.

    float_model: a student's. tiles: calibration inputs, each (h, w, planes) float32 in [0, 1]. trained:
    ranges from quantisation-aware training, for recipes that take them. Raises QuantizationError on other tiles or
    another form of student, UsageError where the recipe names no tensor of it or there are no trained ranges.
    """
    bounded = is_bounded(float_model)
    model = drop_bound(float_model) if bounded else float_model
    model = equalize(model, tiles, recipe.model.evenness) if recipe.model.equalize else model
    if recipe.model.split_output and not bounded:
        model = split_output(model)
    named = [
        *recipe.float_operators,
        *recipe.model.duplicated_channels,
        *(rule.name for rule in recipe.activations.tensors),
    ]
    _check_names(model, named)
    model = _duplicate(model, tiles, recipe, trained)
    rounded = round_weights(model, tiles, recipe.weights, recipe.float_operators)
    return Prepared(model, rounded.model, _settle(rounded.model, tiles, recipe, trained), rounded.steps)


def _duplicate(model: Graph, tiles: Sequence[np.ndarray], recipe: QuantizationRecipe, trained: Ranges | None) -> Graph:
    """Give the recipe's features twice the int8 values."""
    names = recipe.model.duplicated_channels
    if not names:
        return model
    ranges = _settle(model, tiles, recipe, trained)
    return duplicate_channels(model, {name: ranges[name].scale for name in names})


def _settle(
    model: Graph, tiles: Sequence[np.ndarray], recipe: QuantizationRecipe, trained: Ranges | None
) -> dict[str, Range]:
    """Ranges that kernels can work with."""
    measured = _measure(model, tiles, recipe, trained)
    return settle_ranges(model, measured, clip_logits=recipe.activations.clip_logits)


def _check_names(model: Graph, names: Sequence[str]) -> None:
    known = {operator.output.name for operator in model.operators}
    unknown = sorted({*names} - known)
    if unknown:
        raise UsageError(
            f"The quantisation names {', '.join(unknown)}, which no operator of the model writes. "
            "Take names from the sensitivities in a bundle's quantization.json."
        )


def _measure(
    model: Graph, tiles: Sequence[np.ndarray], recipe: QuantizationRecipe, trained: Ranges | None
) -> dict[str, Range]:
    """Ranges by the recipe's estimator, and by those it names for single tensors."""
    rules = recipe.activations
    match rules.estimator:
        case "trained":
            ranges = _trained(trained, recipe)
        case "narrowed":
            reached = estimate_ranges(model, tiles, "percentile", rules.percentile)
            found = _trained(trained, recipe)
            ranges = {name: found[name].clip(reached[name]) for name in found.keys() & reached.keys()}
        case estimator:
            ranges = estimate_ranges(model, tiles, estimator, rules.percentile)
    for single in sorted({rule.estimator for rule in rules.tensors}):
        others = estimate_ranges(model, tiles, single, rules.percentile)
        for rule in rules.tensors:
            if rule.estimator == single:
                ranges[rule.name] = others[rule.name]
    return ranges


def _trained(trained: Ranges | None, recipe: QuantizationRecipe) -> dict[str, Range]:
    if trained is None:
        raise UsageError(
            f"The quantisation {recipe.name} takes trained ranges, but the checkpoint has none. Train it by a recipe "
            f"with [qat], or choose --quantization {DEFAULT_RECIPE}."
        )
    return {**trained, **{f"{name}{TWICE}": found for name, found in trained.items()}}
