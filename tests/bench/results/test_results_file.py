"""The results file: valid by its shipped schema, strict when read, and never half written."""

import json
import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench import results as results_package
from lwisp_bench.cases.setup import Setup
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Record
from lwisp_bench.results.results_file import Results, read_results, write_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.runners.python import PythonRunner
from lwisp_bench.suite.execution import measure_case
from lwisp_mobile.errors import NonFiniteError
from tests.bench.local import BRIEF, add_subject


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A measurement on this host."""
    subject = add_subject(tmp_path_factory.mktemp("model"))
    with Device(LocalTransport()) as device:
        return measure_case(PythonRunner(device, RunOptions()), subject, Setup(limits=BRIEF))


def test_a_record_survives_the_file(record: Record, tmp_path: Path) -> None:
    results = Results().with_record(record)
    write_results(results, tmp_path / "r.json")
    assert read_results(tmp_path / "r.json") == results
    assert os.listdir(tmp_path) == ["r.json"]


def test_the_file_is_valid_by_its_schema(record: Record, tmp_path: Path) -> None:
    write_results(Results().with_record(record), tmp_path / "r.json")
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    tree = json.loads((tmp_path / "r.json").read_text())
    validator.validate(tree)
    for spoil in (
        lambda tree: tree.pop("records"),
        lambda tree: tree["records"][0].update(clock="guess"),
        lambda tree: tree["records"][0].update(latency_ms=1.0),
        lambda tree: tree["records"][0]["measurement"]["worker"]["samples"]["wall_ms"].append("fast"),
    ):
        broken = json.loads((tmp_path / "r.json").read_text())
        spoil(broken)
        assert not validator.is_valid(broken)


def test_the_shipped_schema_is_up_to_date() -> None:
    shipped = files(results_package).joinpath("results.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == results_schema(), "run: python -m lwisp_bench.results.schema > results.schema.json"


def test_a_record_replaces_the_one_of_its_case(record: Record) -> None:
    other = replace(record, case_id="other")
    results = Results().with_record(replace(record, status="failed")).with_record(other).with_record(record)
    assert results.records == (record, other)


def test_nothing_is_left_behind_by_a_write_that_fails(record: Record, tmp_path: Path) -> None:
    write_results(Results().with_record(record), tmp_path / "r.json")
    before = (tmp_path / "r.json").read_bytes()
    with pytest.raises(NonFiniteError):
        write_results(Results().with_record(replace(record, took_s=float("nan"))), tmp_path / "r.json")
    assert (tmp_path / "r.json").read_bytes() == before
    assert os.listdir(tmp_path) == ["r.json"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "isn't JSON"),
        ("[]", "version None"),
        ('{"results_version": 99}', "version 99"),
        ('{"results_version": 2, "records": [{}]}', "missing"),
        ('{"results_version": 2, "guess": 1}', "unknown key 'guess'"),
    ],
)
def test_malformed_files_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ResultsError, match=reason):
        read_results(tmp_path / "r.json")


def test_a_model_in_place_of_results_leads_to_ab(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="lwisp bench ab"):
        read_results(tmp_path / "model.tflite")
