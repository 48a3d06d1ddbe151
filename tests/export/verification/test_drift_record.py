"""drift.json: read as it was written, and refused where it is missing, broken or of another checkpoint."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_export.verification.drift_record import DriftRecord, read_drift_record, write_drift_record
from lwisp_mobile import load_bundle, shipped_bundle
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import ModelError, UsageError


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(Path(shutil.copytree(shipped_bundle().folder, tmp_path / "lwisp")))


def test_a_record_is_read_as_it_was_written(bundle: Bundle) -> None:
    shipped = read_drift_record(bundle)
    assert [stage.stage for stage in shipped.stages] == ["onnx", "float32", "fp16", "int8"]
    record = DriftRecord(shipped.checkpoint_sha256, shipped.stages[2:], "some limits")
    write_drift_record(bundle, record)
    assert read_drift_record(bundle) == record


def test_no_record_is_no_pass(bundle: Bundle) -> None:
    (bundle.folder / "drift.json").unlink()
    with pytest.raises(UsageError, match="is missing, so there is no recorded drift"):
        read_drift_record(bundle)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't be read as JSON"),
        ("[" * 100_000, "can't be read as JSON"),
        ("{}", "'checkpoint_sha256' is missing"),
        (json.dumps({"checkpoint_sha256": "00", "stages": []}), "was measured against the checkpoint with sha256 00"),
    ],
)
def test_what_is_no_record_of_this_bundle_is_named(bundle: Bundle, text: str, message: str) -> None:
    (bundle.folder / "drift.json").write_text(text)
    with pytest.raises(ModelError, match=message):
        read_drift_record(bundle)


def test_the_first_stage_out_of_its_budget_is_named(bundle: Bundle) -> None:
    stages = read_drift_record(bundle).stages
    assert DriftRecord("00", stages).first_failing is None
    failing = [replace(stage, violations=("too far",)) for stage in stages[2:]]
    assert DriftRecord("00", (*stages[:2], *failing)).first_failing == failing[0]
