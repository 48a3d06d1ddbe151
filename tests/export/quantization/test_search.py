"""The search within a budget of drift."""

from dataclasses import replace

import pytest

from lwisp_export.quantization import search
from lwisp_export.quantization.quantization_recipe import (
    find_quantization,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.report_text import report_lines
from lwisp_export.quantization.search import DriftBudget, Material, pareto_front, quantize_within_budget
from lwisp_export.quantization.sensitivity import Part, Sensitivity
from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.serialize.json_text import to_json
from tests.export.chain_models import calibration_tiles, float_graph, skip_graph
from tests.export.quantization.prepared_models import UNSEEN


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
    assert [r.name for r in trained] == ["trained", "trained-float1", "trained-float3", "trained-float-tail"]
    assert all(r.activations.estimator == "trained" for r in trained)
    clipped = search._ladder(replace(material(), trained={}, float_model=skip_graph()), found)
    assert [r.name for r in clipped] == ["trained", "trained-float1", "trained-float3"]


def test_the_pareto_front() -> None:
    assert pareto_front([(1.0, 40.0), (2.0, 50.0), (3.0, 45.0), (1.0, 39.0)]) == (True, True, False, False)
    assert pareto_front([(1.0, 40.0), (1.0, 40.0)]) == (True, True)
