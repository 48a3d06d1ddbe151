"""The quantising step of an export: calibration frames make the ranges that ship, or are refused."""

import json
from pathlib import Path

import pytest

from lwisp_export.calibration.calibration_set import CalibrationSet, write_set
from lwisp_export.calibration.provenance import STAMP
from lwisp_export.drift.stage_drift import measure_drift
from lwisp_export.quantization.estimators import estimate_ranges
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.preparation import Ranges
from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.quantization.split_sigmoid import split_output
from lwisp_export.quantization_step import Quantized, QuantizeOptions, quantize, write_quantization
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import silent
from tests.export.calibration_sets import FRAMES, TILE_PX, calibration_set
from tests.export.chain_models import float_graph


def test_int8_is_made_from_a_set_and_the_bundle_keeps_its_manifest(tmp_path: Path) -> None:
    write_set(tmp_path / "set", calibration_set(FRAMES[::4]))
    options, lines = QuantizeOptions(calibration=tmp_path / "set"), list[str]()
    quantized = quantize(float_graph(), [], options, lines.append, contract=STUDENT_INPUT, tile_px=TILE_PX)
    assert any(line.startswith("warning, calibration: few frames") for line in lines)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "quantization.json").write_text("of an earlier export")
    write_quantization(tmp_path / "bundle", quantized)
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["calibration.json", "quantization.toml"]
    kept = json.loads((tmp_path / "bundle" / "calibration.json").read_text())
    assert kept["calibration"]["frames"][0]["name"] == FRAMES[0].name
    assert kept["tiles_for"] == ["equalization", "weights", "ranges"]
    assert quantized.model.metadata(STAMP) == kept["tiles_sha256"].encode()
    frame = NamedRaw(FRAMES[0].name, FRAMES[0].raw)
    with pytest.raises(UsageError, match="not both"):
        quantize(float_graph(), [frame], options, lines.append, contract=STUDENT_INPUT, tile_px=TILE_PX)


@pytest.fixture(scope="module")
def trained() -> Ranges:
    """Ranges as training would leave them: of frames of every exposure."""
    tiles = [tile.packed for tile in calibration_set(FRAMES).tiles]
    return estimate_ranges(split_output(float_graph()), tiles, "minmax", 100)


def quantized_with(options: QuantizeOptions, trained: Ranges) -> Quantized:
    return quantize(float_graph(), [], options, silent, contract=STUDENT_INPUT, tile_px=TILE_PX, trained=trained)


def test_two_sets_give_two_models_each_nearer_to_its_own_frames(tmp_path: Path, trained: Ranges) -> None:
    sets, models = dict[str, CalibrationSet](), dict[str, bytes]()
    for exposure in ("-2 EV", "+1.5 EV"):
        sets[exposure] = calibration_set(frame for frame in FRAMES if exposure in frame.name)
        write_set(tmp_path / exposure, sets[exposure])
        found = quantized_with(QuantizeOptions(calibration=tmp_path / exposure), trained)
        assert (found.recipe.name, found.provenance.ranges) == ("trained-calibrated", "narrowed")
        models[exposure] = found.model.pack()
    reference = open_model(float_graph().pack())
    for own, other in (("-2 EV", "+1.5 EV"), ("+1.5 EV", "-2 EV")):
        truths = [reference(tile.packed) for tile in sets[own].tiles]
        drifts = [measure_drift(open_model(models[name]), truths, sets[own].tiles) for name in (own, other)]
        assert (drifts[0].median_psnr_db or 0) > (drifts[1].median_psnr_db or 0) + 0.1


def test_without_frames_the_trained_ranges_ship_and_no_tiles_are_claimed(trained: Ranges) -> None:
    found = quantized_with(QuantizeOptions(find_quantization("trained")), trained)
    assert (found.provenance.ranges, found.provenance.tiles_for) == ("trained", ())
    assert found.provenance.calibration is found.provenance.tiles_sha256 is found.model.metadata(STAMP) is None


@pytest.mark.parametrize("recipe", ["trained", "weights"])
def test_frames_that_would_change_nothing_are_refused(tmp_path: Path, trained: Ranges, recipe: str) -> None:
    write_set(tmp_path, calibration_set(FRAMES[:2]))
    options = QuantizeOptions(find_quantization(recipe), calibration=tmp_path)
    with pytest.raises(UsageError, match=rf"{recipe} takes no activation ranges .* --quantization trained-calibrated"):
        quantized_with(options, trained)
