"""Recipes, weight rounding, estimators, sensitivity and the search within a budget."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.errors import ArtifactError, QuantizationError
from lwisp_export.quantization import search
from lwisp_export.quantization.channel_duplication import duplicate_channels
from lwisp_export.quantization.estimators import Histogram, estimate_ranges, least_error_range, percentile_range
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.preparation import Prepared, prepare
from lwisp_export.quantization.quantization_recipe import (
    ActivationRules,
    ModelRules,
    QuantizationRecipe,
    TensorRule,
    WeightRules,
    find_quantization,
    load_quantization,
    shipped_recipes,
    to_toml,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.ranges import Range, measure_ranges
from lwisp_export.quantization.report_text import report_lines
from lwisp_export.quantization.rounding import round_compensated, round_nearest
from lwisp_export.quantization.search import DriftBudget, Material, pareto_front, quantize_within_budget
from lwisp_export.quantization.sensitivity import Part, Sensitivity, measure_sensitivity, parts_of
from lwisp_export.quantization.simulate import simulate
from lwisp_export.quantization.split_sigmoid import split_output
from lwisp_export.quantization.weights import round_weights
from lwisp_export.synthesis.tiles import Tile
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.inspect.audit import examine
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite
from lwisp_mobile.serialize.json_text import to_json
from tests.export.chain_models import calibration_tiles, float_graph, float_model, int8_model, psnr_db, run, tile

UNSEEN = [tile(seed) for seed in (20, 21)]


@functools.cache
def prepared() -> Prepared:
    return prepare(float_graph(), calibration_tiles(), find_quantization("lwisp"))


def against_float(model: bytes) -> float:
    return psnr_db(np.stack([run(model, t) for t in UNSEEN]), np.stack([run(float_model(), t) for t in UNSEEN]))


def correlated(count: int, taps: int) -> np.ndarray:
    """What a filter reads of a smooth picture: one value shared by its taps and a little of their own."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, 1)) + 0.05 * rng.normal(size=(count, taps))


def test_compensated_weights_are_on_the_grid_and_far_better_than_nearest() -> None:
    rng = np.random.default_rng(1)
    weights, patches = rng.normal(size=(8, 36)), correlated(2000, 36)
    steps = np.abs(weights).max(axis=1) / 127
    found = {
        "nearest": round_nearest(weights, steps),
        "compensated": round_compensated(weights, steps, np.cov(patches.T)),
    }
    errors = {name: np.var((weights - rounded) @ patches.T) for name, rounded in found.items()}
    assert errors["compensated"] < errors["nearest"] / 10
    codes = found["compensated"] / steps[:, None]
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-9)
    assert np.abs(codes).max() <= 127 + 1e-9


def test_weights_that_nothing_reads_are_rounded_to_the_nearest() -> None:
    weights = np.random.default_rng(2).normal(size=(4, 9))
    steps = np.abs(weights).max(axis=1) / 127
    np.testing.assert_array_equal(round_compensated(weights, steps, np.zeros((9, 9))), round_nearest(weights, steps))


def test_correcting_biases_removes_the_mean_error() -> None:
    truth = np.stack([run(float_model(), t) for t in calibration_tiles()])

    def shift(correct_bias: bool) -> float:
        rounded = round_weights(float_graph(), calibration_tiles(), WeightRules("nearest", correct_bias), ())
        model = rounded.model.pack()
        pictures = np.stack([run(model, t) for t in calibration_tiles()])
        return float(np.abs((pictures - truth).mean(axis=(0, 1, 2))).max())

    assert shift(correct_bias=True) < shift(correct_bias=False) / 2


def test_a_split_output_gives_the_same_picture_and_is_split_once() -> None:
    split = split_output(float_graph())
    packed = tile(20, 48, 80)
    np.testing.assert_allclose(run(split.pack(), packed), run(float_model(), packed), atol=2e-6)
    with pytest.raises(QuantizationError, match="split_output = false"):
        split_output(split)


LAST_FEATURE = "node_conv2d_42_input_nhwc"
EXPANDED = "node_pixel_shuffle_6_input_nhwc"
"""Goes through a depth-to-space before it's read."""
FACTORS = ("node_conv2d_1_input_nhwc", "relu_31")
"""Are multiplied; the first is read by a convolution, too."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [(LAST_FEATURE,), (EXPANDED,), FACTORS[:1], FACTORS[1:], (LAST_FEATURE, EXPANDED, *FACTORS)]
)
def test_duplicated_channels_leave_the_float_picture_and_halve_the_noise_of_their_tensor(
    names: tuple[str, ...],
) -> None:
    fine = replace(find_quantization("lwisp"), model=ModelRules(duplicated_channels=names))
    once, twice = prepared(), prepare(float_graph(), calibration_tiles(), fine)
    unseen = [tile(seed) for seed in (20, 21, 22)]
    exact, duplicated = ([run(model, t) for t in unseen] for model in (once.exact.pack(), twice.exact.pack()))
    assert psnr_db(np.stack(duplicated), np.stack(exact)) > 75

    def noise_db(prepared: Prepared, truths: list[np.ndarray]) -> float:
        noisy = simulate(prepared, activations=names).pack()
        return psnr_db(np.stack([run(noisy, t) for t in unseen]), np.stack(truths))

    assert noise_db(twice, duplicated) > noise_db(once, exact) + 4.5


def test_only_features_between_two_convolutions_of_their_own_can_be_duplicated() -> None:
    shared = next(tensor.name for tensor in float_graph().tensors if "pixel_shuffle_3_input" in tensor.name)
    for name in (shared, "rgb"):
        with pytest.raises(QuantizationError, match=rf"channels of {name} can't be duplicated"):
            duplicate_channels(float_graph(), {name: 0.01})
    unknown = replace(find_quantization("plain"), model=ModelRules(duplicated_channels=("nowhere",)))
    with pytest.raises(UsageError, match="names nowhere"):
        prepare(float_graph(), calibration_tiles()[:1], unknown)


def test_estimators_on_a_rare_outlier() -> None:
    counts = np.zeros(2048, np.int64)
    counts[:205] = 10_000  # up to 1.0 of 10
    counts[-1] = 3
    histogram = Histogram(Range(0.0, 10.0), counts)
    assert percentile_range(histogram, 99.99) == Range(0.0, pytest.approx(1.0, abs=0.01))
    assert percentile_range(histogram, 100.0) == Range(0.0, 10.0)
    assert least_error_range(histogram).high < 10.0
    uniform = Histogram(Range(-1.0, 1.0), np.ones(2048, np.int64))
    assert least_error_range(uniform) == Range(-1.0, 1.0)


def test_estimators_on_a_model_stay_within_its_extremes() -> None:
    extremes = measure_ranges(float_graph(), UNSEEN)
    for estimator in ("percentile", "mse"):
        found = estimate_ranges(float_graph(), UNSEEN, estimator, 99.0)
        assert found.keys() == extremes.keys()
        assert all(
            extremes[name].low - 1e-6 <= r.low <= 0 <= r.high <= extremes[name].high + 1e-6 for name, r in found.items()
        )
        assert any(found[name].high < 0.95 * extremes[name].high for name in found)
    assert estimate_ranges(float_graph(), UNSEEN, "minmax", 99.0) == extremes


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_recipes_are_read_as_they_are_written(name: str, tmp_path: Path) -> None:
    recipe = find_quantization(name)
    assert recipe.name == name
    changed = replace(recipe, activations=ActivationRules("mse", 99.5, (TensorRule('a "b"', "percentile"),)))
    for each in (recipe, changed):
        (tmp_path / "r.toml").write_text(to_toml(each))
        assert find_quantization(str(tmp_path / "r.toml")) == each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\nfloats = []', "unknown key 'floats'"),
        ('name = "x"\nscheme = "int4"', "must be one of int8, int16x8, dynamic, weights"),
        ('name = "x"\n[activations]\npercentile = 0.9999', "percentile is 0.9999"),
        ('name = "x"\nscheme = "dynamic"\nfloat_operators = ["rgb"]', "for the scheme int8"),
        ("name =", "can't be read"),
    ],
)
def test_wrong_recipes_are_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(UsageError, match=words):
        load_quantization(tmp_path / "r.toml")


def test_unknown_recipes_and_tensors_are_named() -> None:
    with pytest.raises(UsageError, match=r"give a \.toml file or one of: compensated"):
        find_quantization("best")
    for recipe in (
        QuantizationRecipe("x", float_operators=("nowhere",)),
        QuantizationRecipe("x", activations=ActivationRules(tensors=(TensorRule("nowhere", "mse"),))),
    ):
        with pytest.raises(UsageError, match="names nowhere, which no operator"):
            quantize_int8(float_graph(), [tile(0)], recipe)


def test_the_simulation_is_near_the_int8_model() -> None:
    weights = [name for part in parts_of(prepared()) if part.kind == "weights" for name in part.tensors]
    everything = simulate(prepared(), activations=prepared().ranges, weights=weights).pack()
    assert against_float(everything) == pytest.approx(against_float(int8_model()), abs=0.3)
    assert against_float(simulate(prepared()).pack()) > 100


def test_sensitivities_add_up_to_the_whole() -> None:
    found = measure_sensitivity(prepared(), [tile(20, 32, 32)])
    assert [s.mse for s in found] == sorted((s.mse for s in found), reverse=True)
    assert sum(s.share for s in found) == pytest.approx(1)
    reference, whole = run(float_model(), tile(20, 32, 32)), run(int8_model(), tile(20, 32, 32))
    assert sum(s.mse for s in found) == pytest.approx(np.mean((whole - reference) ** 2), rel=0.5)
    assert {s.part.kind for s in found} == {"activations", "weights"}


def test_a_float_operator_is_an_island_that_the_check_knows_by_name() -> None:
    recipe = replace(find_quantization("lwisp"), float_operators=("halves", "joined", "rgb"))
    model = quantize_int8(float_graph(), calibration_tiles(), recipe).pack()
    facts, coverage = inspect_tflite(model), delegate_coverage(model)
    assert "LOGISTIC: halves" in facts.float_islands
    assert (facts.outputs[0].dtype, facts.outputs[0].scale) == ("int8", 1 / 256)
    assert (coverage.partitions, coverage.undelegated) == (1, ())
    check_artifact(model, "int8", recipe.float_operators)
    with pytest.raises(ArtifactError, match="float island LOGISTIC: halves"):
        check_artifact(model, "int8", ("rgb",))
    assert [fault.kind for fault in examine(model).faults] == ["float island"]


@pytest.mark.parametrize(
    ("scheme", "kinds", "least_db"),
    [("dynamic", ["hybrid"], 45), ("weights", ["stored as int8"], 55)],
)
def test_hybrids_are_made_and_seen_through(scheme: str, kinds: list[str], least_db: float) -> None:
    model = quantize_int8(float_graph(), calibration_tiles(), find_quantization(scheme)).pack()
    assert [fault.kind for fault in examine(model).faults] == kinds
    assert against_float(model) > least_db
    assert len(model) < 0.3 * len(float_model())


def test_int16_activations_are_not_delegated() -> None:
    model = quantize_int8(float_graph(), calibration_tiles(), find_quantization("int16x8")).pack()
    report = examine(model)
    assert report.work[0].arithmetic == "int16"
    assert [fault.kind for fault in report.faults] == ["float island", "not delegated", "partitions"]
    assert psnr_db(open_model(model)(UNSEEN[0]), run(float_model(), UNSEEN[0])) > 55


def test_no_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="LiteRT refuses the model"):
        open_model(b"not a model at all")


def material() -> Material:
    return Material(float_graph(), tuple(calibration_tiles()), tuple(Tile(f"t{i}", t) for i, t in enumerate(UNSEEN)))


@pytest.mark.slow
def test_a_budget_that_is_met_and_one_that_no_recipe_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TIMING_RUNS", 2)
    recipe = find_quantization("lwisp")
    for least_db, met in ((48.0, True), (90.0, False)):
        choice = quantize_within_budget(material(), DriftBudget(least_db, 40, 2.0), recipe, lambda _name: None)
        report = choice.report
        assert (report.met, report.chosen) == (met, "lwisp")
        assert choice.model.pack() == quantize_int8(float_graph(), calibration_tiles(), recipe).pack()
        assert bool(report.candidates[0].faults) is not met
        assert len(report.candidates[0].latency.samples_ms) == 2
        assert "NaN" not in to_json(report)
        assert ("meets the budget" if met else "none meets the budget") in "\n".join(report_lines(report))


def test_the_search_stops_at_the_first_that_meets_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TIMING_RUNS", 1)
    monkeypatch.setattr(search, "measure_sensitivity", lambda _prepared, _tiles: ())
    told: list[str] = []
    choice = quantize_within_budget(material(), DriftBudget(30), None, told.append)
    assert choice.recipe.name == "plain"
    assert told == ["sensitivity of each tensor", "quantisation plain"]


def test_the_ladder_ends_with_the_most_sensitive_parts_in_float() -> None:
    def sensitivity(*operators: str) -> Sensitivity:
        return Sensitivity(Part("activations", operators[:1], operators), 1.0, 0.0, 0.1)

    found = [sensitivity("a", "b"), sensitivity("b"), sensitivity("b", "c")]
    recipes = list(search._ladder(material(), found))
    assert [r.name for r in recipes] == [*search.FULL_INTEGER_RECIPES, "lwisp-float1", "lwisp-float3"]
    assert [r.float_operators for r in recipes[-2:]] == [("a", "b"), ("a", "b", "c")]
    assert all(not r.float_operators and r.scheme == "int8" for r in recipes[:-2])
    trained = list(search._ladder(replace(material(), trained={}), found))
    assert [r.name for r in trained] == [
        "trained-fast",
        "trained",
        "trained-float1",
        "trained-float3",
        "trained-float-tail",
    ]
    assert all(r.activations.estimator == "trained" for r in trained)


def test_the_pareto_front() -> None:
    assert pareto_front([(1.0, 40.0), (2.0, 50.0), (3.0, 45.0), (1.0, 39.0)]) == (True, True, False, False)
    assert pareto_front([(1.0, 40.0), (1.0, 40.0)]) == (True, True)
