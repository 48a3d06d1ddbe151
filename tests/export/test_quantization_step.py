"""The quantising step of an export."""

import json
from pathlib import Path

import pytest

from lwisp_export.calibration.calibration_set import write_set
from lwisp_export.quantization_step import QuantizeOptions, quantize, write_quantization
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.errors import UsageError
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
    assert kept["frames"][0]["name"] == FRAMES[0].name
    frame = NamedRaw(FRAMES[0].name, FRAMES[0].raw)
    with pytest.raises(UsageError, match="not both"):
        quantize(float_graph(), [frame], options, lines.append, contract=STUDENT_INPUT, tile_px=TILE_PX)
