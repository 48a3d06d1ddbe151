"""What `lwisp inspect` says of a RAW file, a model, a bundle, and of what is none of these."""

import json
from pathlib import Path

import pytest

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.inspect.report import examine_file, inspect_file
from lwisp_mobile.raw.hints import NO_HINTS, RawHints


def test_a_raw_file(sample_dng: Path) -> None:
    found = inspect_file(sample_dng, RawHints(orientation=6))
    assert (found["kind"], found["width_px"], found["height_px"], found["cfa"]) == ("raw", 511, 512, "GRBG")
    assert found["orientation"] == 6
    assert found["info"]["model"] == "lwisp sample"


def test_a_bundle_lists_each_of_its_models() -> None:
    bundle = shipped_bundle("lwisp-lite")
    found = inspect_file(bundle.folder, NO_HINTS)
    assert (found["kind"], found["name"]) == ("bundle", "lwisp-lite")
    assert [(model["file"], model["sha256"]) for model in found["models"]] == [
        (model.file, model.sha256) for model in bundle.models
    ]


def test_a_model_by_itself_is_as_in_its_bundle() -> None:
    bundle = shipped_bundle("lwisp-lite")
    file = bundle.model("int8").file
    in_bundle = next(model for model in inspect_file(bundle.folder, NO_HINTS)["models"] if model["file"] == file)
    by_itself = inspect_file(bundle.folder / file, NO_HINTS)
    assert by_itself == {**in_bundle, "kind": "tflite", "file": str(bundle.folder / file)}
    assert by_itself["contract"]["precision"] == "int8"


def test_what_is_none_of_these(tmp_path: Path, sample_dng: Path) -> None:
    with pytest.raises(UsageError, match=r"has no contract\.json, so it isn't a bundle"):
        inspect_file(tmp_path, NO_HINTS)
    with pytest.raises(ModelError, match="can't be read"):
        inspect_file(tmp_path / "none.tflite", NO_HINTS)
    with pytest.raises(UsageError, match="isn't a model"):
        examine_file(sample_dng)


def test_the_command_prints_it(sample_dng: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(sample_dng)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "width_px: 511" in lines
    assert "  model: lwisp sample" in lines
    assert main(["inspect", str(sample_dng), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["width_px"] == 511
