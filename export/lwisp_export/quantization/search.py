"""The cheapest quantisation that keeps a budget of drift, and the table of those tried."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lwisp_export.drift.stage_drift import StageDrift, measure_drift
from lwisp_export.quantization.bounded_output import is_bounded
from lwisp_export.quantization.latency import TimingConditions, time_in_turns
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.preparation import Ranges, prepare
from lwisp_export.quantization.quantization_recipe import (
    CALIBRATED_RECIPE,
    DEFAULT_RECIPE,
    TRAINED_RECIPE,
    TRAINED_TAIL_RECIPE,
    QuantizationRecipe,
    find_quantization,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.sensitivity import Sensitivity, measure_sensitivity
from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.timing import Timing
from lwisp_mobile.inspect.model_facts import delegate_coverage
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.graph import Graph

REPORT_VERSION = 1
FULL_INTEGER_RECIPES = ("plain", "compensated", "percentile", "mse", DEFAULT_RECIPE)
"""Tried first, the cheapest first: the same operators but for a split output from the third on."""
MOST_ISLANDS = 4
"""Sensitive parts that may stay float, at most; more of them is a float model with an int8 file."""
SENSITIVITY_TILES = 8
TIMING_RUNS = 15
TIMING_THREADS = 1
FLOAT_MODEL = "float32"


@dataclass(frozen=True)
class DriftBudget:
    """How far int8 may be from float on the evaluation tiles; None: no limit of that kind."""

    min_drift_db: float | None = None
    """Of the median tile."""
    min_worst_db: float | None = None
    max_delta_e: float | None = None
    """CIEDE2000, mean over all tiles."""

    def faults(self, drift: StageDrift) -> tuple[str, ...]:
        """What leaves the budget, in words. A picture equal to float's has no PSNR and leaves none."""
        found = []
        for label, value, least in (
            ("median", drift.median_psnr_db, self.min_drift_db),
            ("worst", drift.worst_psnr_db, self.min_worst_db),
        ):
            if least is not None and value is not None and not value >= least:
                found.append(f"{label} PSNR {value:.2f} dB < {least:g} dB")
        if self.max_delta_e is not None and not drift.delta_e_mean <= self.max_delta_e:
            found.append(f"mean dE2000 {drift.delta_e_mean:.3f} > {self.max_delta_e:g}")
        if drift.non_finite:
            found.append(f"{drift.non_finite} NaN or infinite values")
        return tuple(found)


@dataclass(frozen=True)
class Candidate:
    """One quantisation that was tried."""

    recipe: QuantizationRecipe
    bytes: int
    coverage: Coverage
    drift: StageDrift
    latency: Timing
    """Beside the others', in turns."""
    faults: tuple[str, ...]
    """Against the budget; empty: it meets it."""
    on_pareto_front: bool
    """Nothing tried is both faster and nearer to float."""


@dataclass(frozen=True)
class QuantizationReport:
    """What was tried, on what, and what was chosen."""

    budget: DriftBudget
    chosen: str
    met: bool
    conditions: TimingConditions
    float_latency: Timing
    candidates: tuple[Candidate, ...]
    sensitivities: tuple[Sensitivity, ...]
    """Of the recipe that suits the checkpoint; measured on calibration tiles."""
    report_version: int = REPORT_VERSION


@dataclass(frozen=True)
class Material:
    """What quantisations are made of and judged on."""

    float_model: Graph
    """A student's."""
    calibration: tuple[np.ndarray, ...]
    """Tiles, each (h, w, planes) float32 in [0, 1]."""
    evaluation: tuple[Tile, ...]
    """Tiles of other frames."""
    trained: Ranges | None = None
    """Ranges of a checkpoint that was trained for INT8."""
    calibrated: bool = False
    """Whether the tiles are somebody's own, and the ranges must follow them."""

    @property
    def default(self) -> QuantizationRecipe:
        """The recipe that suits the checkpoint and the tiles."""
        return default_quantization(trained=self.trained is not None, calibrated=self.calibrated)


def default_quantization(*, trained: bool, calibrated: bool) -> QuantizationRecipe:
    """The recipe where none is named: for a checkpoint with trained ranges or without, and own tiles or none."""
    if not trained:
        return find_quantization(DEFAULT_RECIPE)
    return find_quantization(CALIBRATED_RECIPE if calibrated else TRAINED_RECIPE)


@dataclass(frozen=True)
class Choice:
    """The int8 model that was chosen, and among which."""

    model: Graph
    recipe: QuantizationRecipe
    report: QuantizationReport


@dataclass(frozen=True)
class _Tried:
    recipe: QuantizationRecipe
    model: Graph
    data: bytes
    """The model, packed."""
    drift: StageDrift
    faults: tuple[str, ...]


def quantize_within_budget(
    material: Material, budget: DriftBudget, recipe: QuantizationRecipe | None, progress: Progress
) -> Choice:
    """Quantise by the first recipe that meets the budget, or else the one nearest to float.

    recipe: the only one to try; None: those that ship, then the same with the most sensitive parts left float. step:
    is called with each one's name. Errors as for `quantize_int8`.
    """
    sensitivities = () if recipe else _sensitivities(material, progress)
    reference = open_model(material.float_model.pack())
    truths = [reference(tile.packed) for tile in material.evaluation]
    tried: list[_Tried] = []
    for candidate in [recipe] if recipe else _ladder(material, sensitivities):
        progress(f"quantisation {candidate.name}")
        model = quantize_int8(material.float_model, material.calibration, candidate, material.trained)
        data = model.pack()
        drift = measure_drift(open_model(data), truths, material.evaluation)
        tried.append(_Tried(candidate, model, data, drift, budget.faults(drift)))
        if not tried[-1].faults:
            break
    chosen = _choose(tried)
    return Choice(chosen.model, chosen.recipe, _report(material, budget, tried, sensitivities))


def pareto_front(points: Sequence[tuple[float, float]]) -> tuple[bool, ...]:
    """Which of the points (latency, decibels) no other beats in one without losing in the other."""

    def beaten(point: tuple[float, float]) -> bool:
        return any(o[0] <= point[0] and o[1] >= point[1] and o != point for o in points)

    return tuple(not beaten(point) for point in points)


def _choose(tried: Sequence[_Tried]) -> _Tried:
    """The last, if it met the budget and so ended the search; the nearest to float otherwise."""
    return max(tried, key=lambda found: _decibels(found.drift)) if tried[-1].faults else tried[-1]


def _sensitivities(material: Material, progress: Progress) -> tuple[Sensitivity, ...]:
    progress("sensitivity of each tensor")
    tiles = material.calibration
    prepared = prepare(material.float_model, tiles, material.default, material.trained)
    spread = np.linspace(0, len(tiles) - 1, min(SENSITIVITY_TILES, len(tiles))).round().astype(int)
    return measure_sensitivity(prepared, [tiles[i] for i in spread])


def _ladder(material: Material, sensitivities: Sequence[Sensitivity]) -> Iterator[QuantizationRecipe]:
    """Recipes from the cheapest: full-integer ones, then with ever more of the most sensitive parts in float."""
    default = material.default
    trained = CALIBRATED_RECIPE if material.calibrated else TRAINED_RECIPE
    names = FULL_INTEGER_RECIPES if material.trained is None else (trained,)
    yield from (find_quantization(name) for name in names)
    yield from _with_islands(default, sensitivities)
    if material.trained is not None and not material.calibrated and not is_bounded(material.float_model):
        yield find_quantization(TRAINED_TAIL_RECIPE)


def _with_islands(default: QuantizationRecipe, sensitivities: Sequence[Sensitivity]) -> Iterator[QuantizationRecipe]:
    operators: dict[str, None] = {}
    for count, sensitivity in enumerate(sensitivities[:MOST_ISLANDS], start=1):
        before = len(operators)
        operators |= dict.fromkeys(sensitivity.part.operators)
        if len(operators) > before:
            yield replace(default, name=f"{default.name}-float{count}", float_operators=tuple(operators))


def _report(
    material: Material, budget: DriftBudget, tried: Sequence[_Tried], sensitivities: tuple[Sensitivity, ...]
) -> QuantizationReport:
    models = {FLOAT_MODEL: material.float_model.pack(), **{found.recipe.name: found.data for found in tried}}
    conditions, timings = time_in_turns(models, material.evaluation[0].packed, TIMING_RUNS, TIMING_THREADS)
    front = pareto_front([(timings[t.recipe.name].summary.p50_ms, _decibels(t.drift)) for t in tried])
    candidates = (_candidate(found, timings[found.recipe.name], on_front) for found, on_front in zip(tried, front))
    chosen = _choose(tried)
    return QuantizationReport(
        budget=budget,
        chosen=chosen.recipe.name,
        met=not chosen.faults,
        conditions=conditions,
        float_latency=timings[FLOAT_MODEL],
        candidates=tuple(candidates),
        sensitivities=sensitivities,
    )


def _candidate(found: _Tried, latency: Timing, on_front: bool) -> Candidate:
    return Candidate(
        recipe=found.recipe,
        bytes=len(found.data),
        coverage=delegate_coverage(found.data),
        drift=found.drift,
        latency=latency,
        faults=found.faults,
        on_pareto_front=on_front,
    )


def _decibels(drift: StageDrift) -> float:
    return np.inf if drift.median_psnr_db is None else drift.median_psnr_db
