"""Executing plans: results after every case, resuming, devices that fail; and exit codes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.errors import DeviceLostError
from lwisp_bench.results.output_check import OutputCheck
from lwisp_bench.results.record import Record
from lwisp_bench.results.results_file import read_results
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.runners.python import PythonRunner
from lwisp_bench.runners.remote_worker import WorkerOptions
from lwisp_bench.suite.execution import DeviceFailure, exit_code, measure_case, run_plan
from lwisp_bench.suite.plan import Plan, Target, device_target
from tests.bench.faulty_transport import FaultyTransport
from tests.bench.local import BRIEF, LOCAL, add_subject, ignore

SETUP = Setup(limits=BRIEF)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return add_subject(tmp_path)


def test_a_failure_is_a_record(subject: Subject) -> None:
    with Device(FaultyTransport(fails_at="result.json")) as device:
        record = measure_case(PythonRunner(device, RunOptions()), subject, SETUP)
    assert (record.status, record.measurement) == ("failed", None)
    assert record.failure is not None
    assert (record.failure.kind, record.failure.message) == ("DeviceLostError", "gone")
    assert record.gate is not None
    assert record.gate.passed


def test_a_worker_that_hangs_is_killed(host: Device, subject: Subject, tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(f"#!/bin/sh\ntrap 'kill $!; echo >{tmp_path}/ended; exit' TERM\nsleep 60 & wait\n")
    sleeper.chmod(0o755)
    options = RunOptions(worker=WorkerOptions(str(sleeper), timeout_s=0.5))
    record = measure_case(PythonRunner(host, options), subject, SETUP)
    assert record.failure is not None
    assert "didn't finish" in record.failure.message
    deadline = time.monotonic() + 10
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < deadline, "the worker still runs after its timeout"
        time.sleep(0.05)


def test_results_are_written_after_every_case_and_continued(subject: Subject, tmp_path: Path) -> None:
    plan = Plan(LOCAL, (subject,), (SETUP, replace(SETUP, threads=2)))
    output = tmp_path / "results.json"

    def stop_after_one(record: Record, done_before: bool) -> None:
        assert read_results(output).records == (record,)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, output, stop_after_one)
    (first,) = read_results(output).records
    reported: list[bool] = []
    results, _ = run_plan(plan, output, lambda record, done_before: reported.append(done_before))
    assert reported == [True, False]
    assert results.records[0] == first
    assert len(results.records) == 2


def test_a_failed_case_is_tried_again(subject: Subject, tmp_path: Path) -> None:
    broken = device_target("local", RunOptions(gate=None, worker=WorkerOptions("python9")))
    output = tmp_path / "results.json"
    results, failures = run_plan(Plan((broken,), (subject,), (SETUP,)), output, ignore)
    assert ([record.status for record in results.records], failures) == (["failed"], ())
    results, _ = run_plan(Plan(LOCAL, (subject,), (SETUP,)), output, ignore)
    assert [record.status for record in results.records] == ["measured"]


def test_another_model_of_the_same_name_is_another_case(subject: Subject, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    namesake = replace(add_subject(tmp_path, "uint8"), name=subject.name)
    for one in (subject, namesake):
        results, _ = run_plan(Plan(LOCAL, (one,), (SETUP,)), output, ignore)
    assert len({record.subject.sha256 for record in results.records}) == len(results.records) == 2


def test_an_unreachable_device_leaves_the_others(subject: Subject, tmp_path: Path) -> None:
    nobody = device_target("ssh:nobody@127.0.0.1:1", RunOptions())
    results, failures = run_plan(Plan((nobody, *LOCAL), (subject,), (SETUP,)), tmp_path / "r.json", ignore)
    assert [record.device.name for record in results.records] == ["local"]
    assert [failure.device for failure in failures] == ["ssh:nobody@127.0.0.1:1"]
    assert "can't be reached" in failures[0].reason


def test_a_device_lost_while_closing_keeps_its_records(subject: Subject, tmp_path: Path) -> None:
    @contextmanager
    def open_runner() -> Iterator[PythonRunner]:
        with LOCAL[0].open() as runner:
            yield runner
            raise DeviceLostError("gone")

    output, other = tmp_path / "r.json", add_subject(tmp_path, "uint8")
    run_plan(Plan((Target("lost", open_runner),), (subject,), (SETUP,)), output, ignore)
    plan = Plan((Target("lost", open_runner), *LOCAL), (other,), (SETUP, replace(SETUP, threads=2)))
    results, failures = run_plan(plan, output, ignore)
    assert failures == (DeviceFailure("lost", "gone"),)
    assert len(results.records) == len(read_results(output).records) == 3


def test_exit_codes(host: Device, subject: Subject) -> None:
    record = measure_case(PythonRunner(host, RunOptions(gate=None)), subject, SETUP)
    assert record.measurement is not None
    wrong = OutputCheck("x", 0, "int8", (1,), False, 1.0, 0)

    def with_check(check: OutputCheck) -> Record:
        assert record.measurement is not None
        return replace(record, measurement=replace(record.measurement, checks=(check,)))

    assert exit_code((record,), ()) == 0
    assert exit_code((record, with_check(wrong)), ()) == 1
    assert exit_code((with_check(replace(wrong, dtype="float32")),), ()) == 0
    assert exit_code((record,), (DeviceFailure("x", "gone"),)) == 2
    assert exit_code((replace(record, status="failed"),), ()) == 2
    assert exit_code((record, replace(record, status="inconclusive")), ()) == 3
