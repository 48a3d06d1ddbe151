"""The results file: valid against its shipped schema, strict when read, and never half written."""

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.file import Results, read_results, write_results
from lwisp_bench.results.record import Record
from lwisp_bench.results.schema import results_schema, shipped_schema
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.suite.measuring import measure
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import file_subject
from lwisp_bench.worker.job import Limits
from lwisp_mobile.errors import NonFiniteError
from tests.bench.other_models import add_model

BRIEF = Limits(min_runs=12, min_s=0, rule="both", min_warm_up=2, max_warm_up_s=0.2, trace_interval_s=0.01)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A measurement on this host."""
    path = tmp_path_factory.mktemp("model") / "add.tflite"
    path.write_bytes(add_model("int8", (1, 16, 16, 4)))
    with Device(LocalTransport()) as device:
        return measure(device, file_subject(path, {}), Setup(limits=BRIEF), RunOptions())


def test_a_record_survives_the_file(record: Record, tmp_path: Path) -> None:
    results = Results().with_record(record)
    write_results(results, tmp_path / "r.json")
    assert read_results(tmp_path / "r.json") == results
    assert os.listdir(tmp_path) == ["r.json"]


def test_the_file_is_valid_by_the_shipped_schema(record: Record, tmp_path: Path) -> None:
    write_results(Results().with_record(record), tmp_path / "r.json")
    schema = json.loads(shipped_schema())
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


def test_the_shipped_schema_is_the_codes() -> None:
    assert json.loads(shipped_schema()) == results_schema(), (
        "run: python -m lwisp_bench.results.schema > results.schema.json"
    )


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
def test_files_of_another_kind_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ResultsError, match=reason):
        read_results(tmp_path / "r.json")
