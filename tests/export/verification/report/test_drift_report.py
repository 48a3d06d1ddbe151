"""The drift report: groups, page, JSON and its schema."""

import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from lwisp_export.drift.evaluation_tiles import EvaluationTile
from lwisp_export.drift.layer_noise import LayerNoise
from lwisp_export.quantization import search
from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.quantization.search import DriftBudget, Material, QuantizationReport, quantize_within_budget
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import Tile
from lwisp_export.verification.bundle_check import check_stages
from lwisp_export.verification.gates import FIXED_GATE
from lwisp_export.verification.report.charts import candidate_chart, layer_chart
from lwisp_export.verification.report.drift_figures import DriftFigures, Shown, measure_drift_figures
from lwisp_export.verification.report.drift_page import write_drift_page
from lwisp_export.verification.report.drift_schema import drift_schema
from lwisp_export.verification.stages import bundle_stages
from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.progress import silent
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json
from tests.export.chain_models import calibration_tiles, float_graph, tile

NAME = "lwisp-lite"


@pytest.fixture(scope="module")
def measured() -> tuple[DriftFigures, tuple[Shown, ...]]:
    checkpoint, packed = shipped_checkpoint(NAME), tile(1, 32, 32)
    truth = Reference(checkpoint).run(packed)
    tiles = (
        EvaluationTile("one", packed, iso=100, exposure_ev=0.0, ground_truth=truth),
        EvaluationTile("two", packed, iso=800, exposure_ev=0.0, ground_truth=truth),
        EvaluationTile("three", packed, iso=800),
    )
    bundle = shipped_bundle(NAME)
    check = check_stages(bundle_stages(bundle), checkpoint, tiles, FIXED_GATE, silent)
    return measure_drift_figures(bundle, check, None)


@pytest.fixture(scope="module")
def searched() -> QuantizationReport:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TIMING_RUNS", 2)
        material = Material(float_graph(), tuple(calibration_tiles()[:2]), (Tile("t", tile(20)),))
        return quantize_within_budget(material, DriftBudget(90), find_quantization("plain"), silent).report


def test_groups_hold_their_images_and_what_they_lose(measured: tuple[DriftFigures, tuple[Shown, ...]]) -> None:
    figures, shown = measured
    assert [(group.value, group.images) for group in figures.by_iso] == [(100, 1), (800, 2)]
    assert [(group.value, group.images) for group in figures.by_exposure] == [(0, 2)]
    assert figures.images[2].float_psnr_db is None
    int8 = figures.stages[-1]
    assert int8.stage == "int8"
    # One and the same tile, run once for the drift and once for the page.
    assert {image.comparison for image in int8.images} == {found.detail.int8_against_float for found in shown}
    assert len(shown) == 3
    assert {model.precision for model in figures.models} == {"int8", "fp16"}


def test_figures_fit_the_schema_that_ships(
    measured: tuple[DriftFigures, tuple[Shown, ...]], searched: QuantizationReport
) -> None:
    schema = json.loads(
        (files("lwisp_export.verification.report") / "drift_report.schema.json").read_text(encoding="utf-8")
    )
    assert schema == json.loads(to_json(drift_schema()))
    for page in (measured[0], replace(measured[0], search=searched)):
        figures = json.loads(to_json(page))
        jsonschema.Draft202012Validator(schema).validate(figures)
    for wrong in ({"report_version": 2}, {"images": None}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(figures | wrong, schema)
    assert from_dict(QuantizationReport, figures["search"], "search") == searched


def test_the_page_needs_no_other_file_and_shows_every_image(
    measured: tuple[DriftFigures, tuple[Shown, ...]], searched: QuantizationReport, tmp_path: Path
) -> None:
    figures, shown = measured
    write_drift_page(tmp_path / "page.html", replace(figures, search=searched), shown)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 6 * len(shown)
    assert all(word not in html for word in ("http:", "https:", 'src="/', "<link", "<script"))
    assert all(f"<h3>{image.image}</h3>" in html for image in figures.images)
    assert "none meets the budget" in html
    assert html.count("<circle") == len(candidate_chart(searched).points) == 1


def test_the_layer_chart_has_a_bar_for_each_figure() -> None:
    chart = layer_chart([LayerNoise("a", "CONV_2D", 20.0), LayerNoise("b", "ADD", None), LayerNoise("c", "MUL", 45.5)])
    assert [bar.kind for bar in chart.bars] == ["conv_2d", "mul"]
    assert 0 < chart.bars[0].height < chart.bars[1].height
    assert chart.omitted == 1


def test_the_command_writes_page_and_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    report = tmp_path / "report"
    assert main(["verify", str(tmp_path / "a.dng"), "--bundle", NAME, "--report", str(report)]) == 0
    assert "int8" in capsys.readouterr().out
    figures = json.loads((report / "drift_report.json").read_text(encoding="utf-8"))
    assert len(figures["images"]) == 4
    assert "no drift is recorded for these files" in figures["gate"]
    assert (report / "drift_report.html").stat().st_size > 100_000


def test_a_broken_search_report_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    folder = Path(shutil.copytree(shipped_bundle(NAME).folder, tmp_path / NAME))
    (folder / "quantization.json").write_text("{")
    arguments = ["verify", str(tmp_path / "a.dng"), "--bundle", str(folder), "--report", str(tmp_path / "report")]
    assert main(arguments) == 2
    assert "quantization.json can't be read as JSON" in capsys.readouterr().err
