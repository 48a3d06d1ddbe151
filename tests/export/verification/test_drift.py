"""The drift report: figures per image and layer, groups, page, JSON and its schema."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from lwisp_export.cli.commands import shipped_checkpoint
from lwisp_export.quantization import search
from lwisp_export.quantization.equalization import equalize
from lwisp_export.quantization.recipe import find_quantization
from lwisp_export.quantization.search import DriftBudget, Material, QuantizationReport, quantize_within_budget
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.builtin_frames import evaluation_frames
from lwisp_export.synthesis.tiles import Tile
from lwisp_export.verification.drift.images import SHADOW, hue_shift_degrees, measure_image
from lwisp_export.verification.drift.judged import JudgedTile, judged_made
from lwisp_export.verification.drift.layers import measure_layers
from lwisp_export.verification.drift.page_data import DriftPage, Shown, drift_report, measure_drift_page
from lwisp_export.verification.drift.run import report_drift
from lwisp_export.verification.drift.schema import drift_schema, shipped_schema
from lwisp_export.verification.report.charts import candidate_chart, layer_chart
from lwisp_export.verification.report.drift_page import write_drift_page
from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import ModelError
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json
from tests.export.chain_models import calibration_tiles, float_model, int8_model, tile


def judged(truth: np.ndarray | None = None, iso: float = 100, name: str = "t") -> JudgedTile:
    return JudgedTile(Tile(name, tile(1, 32, 32)), iso, 0.0, truth)


def ramp() -> np.ndarray:
    """Grey from black to white; (64, 64, 3)."""
    return np.repeat(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64, 1), 3, axis=2)


def test_banding_shows_as_missing_codes_in_the_shadows() -> None:
    found = measure_image(judged(), ramp(), np.rint(ramp() * 64).astype(np.float32) / 64).shadow
    assert found.float_codes == 3 * 26  # codes 0 to 25 lie below SHADOW
    assert found.int8_codes == 3 * 7
    assert found.share == pytest.approx(SHADOW, abs=0.001)


def test_clipping_that_differs_is_counted() -> None:
    found = measure_image(judged(), ramp(), np.minimum(ramp() * 1.25, 1)).highlights
    assert found.int8_clipped == pytest.approx(0.2, abs=0.01)
    assert found.differing == pytest.approx(found.int8_clipped - found.float_clipped)


def test_hue_turns_are_measured_where_there_is_colour() -> None:
    red, grey = np.full((16, 16, 3), (0.8, 0.2, 0.2), np.float32), np.full((16, 16, 3), 0.5, np.float32)
    turned = np.full((16, 16, 3), (0.8, 0.25, 0.2), np.float32)
    assert hue_shift_degrees(grey, grey) is None
    assert hue_shift_degrees(red, red) == 0
    shift = hue_shift_degrees(turned, red)
    assert shift == pytest.approx(hue_shift_degrees(red, turned))
    assert shift == hue_shift_degrees(np.hstack([turned, grey]), np.hstack([red, grey]))
    assert shift is not None
    assert 2 < shift < 10


def test_the_truth_is_cut_where_the_tile_is() -> None:
    frame = evaluation_frames()[2]
    for found in judged_made([frame], STUDENT_INPUT, 64)[-2:]:
        assert found.truth is not None
        assert found.truth.shape == (128, 128, 3)
        # The exposure is 0 EV, so the green planes follow the truth's green.
        green = found.tile.packed[..., 1:3].mean(axis=-1)
        truth = found.truth[..., 1].reshape(64, 2, 64, 2).mean(axis=(1, 3))
        assert np.corrcoef(green.ravel(), truth.ravel())[0, 1] > 0.95


def test_layers_have_noise_in_int8_and_none_in_the_equalised_model() -> None:
    tiles = [Tile("t", tile(20, 32, 32))]
    noisy = measure_layers(float_model(), int8_model(), tiles)
    assert len(noisy) == 112
    figures = [layer.sqnr_db for layer in noisy if layer.sqnr_db is not None]
    assert 80 < len(figures) < 112 - 16
    assert 5 < min(figures) < max(figures) < 70
    equal = measure_layers(float_model(), equalize(float_model(), calibration_tiles(), 0.75), tiles)
    assert all(layer.sqnr_db is None or layer.sqnr_db > 90 for layer in equal)
    chart = layer_chart(noisy)
    assert len(chart.bars) + chart.left_out == 112
    assert all(bar.height > 0 for bar in chart.bars)


@pytest.fixture(scope="module")
def measured() -> tuple[DriftPage, tuple[Shown, ...]]:
    reference = Reference(shipped_checkpoint())
    truth = reference.run(tile(1, 32, 32))
    tiles = [
        judged(truth, 100, "one"),
        judged(truth, 800, "two"),
        replace(judged(None, 800, "three"), exposure_ev=None),
    ]
    return measure_drift_page(shipped_bundle(), reference, tiles, None, lambda _part: None)


def test_groups_hold_their_images_and_what_they_lose(measured: tuple[DriftPage, tuple[Shown, ...]]) -> None:
    page, shown = measured
    assert [(group.value, group.images) for group in page.by_iso] == [(100, 1), (800, 2)]
    assert [(group.value, group.images) for group in page.by_exposure] == [(0, 2)]
    assert page.images[2].float_psnr_db is None
    int8 = drift_report(page).stages[-1]
    assert int8.stage == "int8"
    assert len(int8.images) == len(shown) == 3
    assert {model.precision for model in page.models} == {"int8", "fp16"}


@pytest.fixture(scope="module")
def searched() -> QuantizationReport:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TIMING_RUNS", 2)
        material = Material(float_model(), tuple(calibration_tiles()[:2]), (Tile("t", tile(20)),))
        return quantize_within_budget(material, DriftBudget(90), find_quantization("plain"), lambda _name: None).report


def test_figures_fit_the_schema_that_ships(
    measured: tuple[DriftPage, tuple[Shown, ...]], searched: QuantizationReport
) -> None:
    schema = json.loads(shipped_schema())
    assert schema == json.loads(to_json(drift_schema()))
    for page in (measured[0], replace(measured[0], search=searched)):
        figures = json.loads(to_json(page))
        jsonschema.Draft202012Validator(schema).validate(figures)
    for wrong in ({"report_version": 2}, {"images": None}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(figures | wrong, schema)
    assert from_dict(QuantizationReport, figures["search"], "search") == searched


def test_the_page_needs_no_other_file_and_shows_every_image(
    measured: tuple[DriftPage, tuple[Shown, ...]], searched: QuantizationReport, tmp_path: Path
) -> None:
    page, shown = measured
    write_drift_page(tmp_path / "page.html", replace(page, search=searched), shown)
    html = (tmp_path / "page.html").read_text()
    assert html.count("data:image/png;base64,") == 6 * len(shown)
    assert all(word not in html for word in ("http:", "https:", 'src="/', "<link", "<script"))
    assert all(f"<h3>{image.image}</h3>" in html for image in page.images)
    assert "none meets the budget" in html
    assert html.count("<circle") == len(candidate_chart(searched).points) == 1


def test_the_command_writes_page_and_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lwisp_export.verification.drift.run.evaluation_frames", lambda: evaluation_frames()[:1])
    assert main(["verify", "--report", str(tmp_path / "report")]) == 0
    assert "int8" in capsys.readouterr().out
    figures = json.loads((tmp_path / "report" / "drift.json").read_text())
    assert len(figures["images"]) == 4
    assert (tmp_path / "report" / "drift.html").stat().st_size > 100_000


def test_a_broken_search_report_is_named(tmp_path: Path) -> None:
    bundle = shipped_bundle()
    for file in bundle.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "quantization.json").write_text("{")
    with pytest.raises(ModelError, match="isn't a report of a search"):
        report_drift(replace(bundle, folder=tmp_path), shipped_checkpoint(), (), tmp_path / "out", lambda _part: None)
