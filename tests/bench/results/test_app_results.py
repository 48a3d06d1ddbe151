"""The Android demo's JSON as records: the output of its own writer, and malformed files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.app_results import read_measurements
from lwisp_bench.results.results_file import write_results
from lwisp_bench.results.schema import results_schema

WRITTEN = Path(__file__).parents[1] / "app_run.json"
"""Written by the app's Kotlin (`tests/android/test_app_results.py`)."""


def changed(folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    tree = json.loads(WRITTEN.read_text())
    change(tree)
    path = folder / "app.json"
    path.write_text(json.dumps(tree))
    return path


def test_a_run_of_the_app_is_a_record_with_nulls_for_what_it_does_not_report(tmp_path: Path) -> None:
    results = read_measurements(WRITTEN)
    (record,) = results.records
    assert (record.clock, record.device_kind, record.setup.runner, record.setup.threads) == (
        "wall",
        "physical",
        "app",
        None,
    )
    assert (record.device.name, record.device.machine, record.device.os) == (
        "app:Maker Phone 1",
        "aarch64",
        "Android 15",
    )
    assert record.subject.inputs[0].shape == (1, 128, 256, 4)
    measurement = record.measurement
    assert measurement is not None
    worker = measurement.worker
    assert worker.runtime.delegate == "CPU (GPU was asked for)"
    assert len(worker.samples.wall_ms) == 30
    assert (worker.phases.first_ms, worker.phases.warm_up_ms, worker.phases.settled) == (31.5, (22.0, 21.0), None)
    assert (worker.memory.peak_bytes, worker.coverage, worker.phases.prepare_ms) == (None, None, None)
    assert (measurement.before.thermal_status, measurement.after.thermal_status) == (0, 1)
    assert (measurement.verdict.kind, record.status) == ("throttled", "inconclusive")
    write_results(results, tmp_path / "r.json")
    assert read_measurements(tmp_path / "r.json") == results
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), results_schema())


def test_a_cool_phone_is_measured(tmp_path: Path) -> None:
    (record,) = read_measurements(changed(tmp_path, lambda tree: tree.update(thermal_after="none"))).records
    assert record.measurement is not None
    assert (record.measurement.verdict.kind, record.status) == ("stable", "measured")


def test_androids_emulator_is_recognised(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda tree: tree["device"].update(model="sdk_gphone64_arm64"))
    (record,) = read_measurements(path).records
    assert record.device_kind == "emulated"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tree: tree.update(format_version=2), "version 2; this release reads 1"),
        (lambda tree: tree.update(format="other"), "results version None"),
        (lambda tree: tree.update(clock="guess"), "must be one of wall"),
        (lambda tree: tree.update(samples_ms=[]), "has no samples"),
        (lambda tree: tree["samples_ms"].append(9.0), "doesn't match its samples"),
        (lambda tree: tree.pop("thermal_after"), "'thermal_after' is missing"),
        (lambda tree: tree.update(thermal_after="warm"), "Thermal status 'warm'"),
        (lambda tree: tree.update(device=[]), "table of strings"),
        (lambda tree: tree.update(battery=1), "unknown key 'battery'"),
    ],
)
def test_malformed_files_are_refused(change: Callable[[dict[str, Any]], Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=reason):
        read_measurements(changed(tmp_path, change))
