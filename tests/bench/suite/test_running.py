"""Running plans: results after every case, resuming, devices that fail, and the commands on this host."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.opening import open_device
from lwisp_bench.devices.transport import SHORT_TIMEOUT_S, Completed
from lwisp_bench.errors import DeviceError, DeviceLostError, NoDeviceError, UnsupportedDeviceError
from lwisp_bench.results.file import read_results
from lwisp_bench.results.output_check import OutputCheck
from lwisp_bench.results.record import Record
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.suite.measuring import measure
from lwisp_bench.suite.running import Plan, Unusable, exit_code, run_plan
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject, file_subject
from lwisp_bench.suite.suite import plan_of, read_suite
from lwisp_bench.worker.job import Limits
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from tests.bench.other_models import add_model

BRIEF = Limits(min_runs=12, min_s=0, rule="both", min_warm_up=2, max_warm_up_s=0.2, trace_interval_s=0.01)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "add.tflite"
    path.write_bytes(add_model("int8", (1, 8, 8, 4)))
    return path


@pytest.fixture
def subject(model: Path) -> Subject:
    return file_subject(model, {})


class Spoiled:
    """This host, with its answers spoiled on the way."""

    name = "spoiled"

    def __init__(self, *, fails_at: str = "", flips_bits: bool = False, error: type[DeviceError] = DeviceLostError):
        self._host = LocalTransport()
        self.folder = self._host.folder
        self._fails_at, self._flips_bits, self._error = fails_at, flips_bits, error

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        if self._fails_at and self._fails_at in command:
            raise self._error("gone")
        return self._host.execute(command.replace("python3 ", f"{sys.executable} "), timeout_s=timeout_s)

    def send(self, data: bytes, path: str) -> None:
        self._host.send(data[:-1] + bytes([data[-1] ^ 1]) if self._flips_bits else data, path)

    def fetch(self, path: str) -> bytes:
        return self._host.fetch(path)

    def close(self) -> None:
        self._host.close()


def test_bytes_that_arrive_changed_are_refused() -> None:
    with Device(Spoiled(flips_bits=True)) as device, pytest.raises(DeviceError, match="arrived changed"):
        device.push(b"model")


def test_a_failure_is_a_record(subject: Subject) -> None:
    with Device(Spoiled(fails_at="result.json")) as device:
        record = measure(device, subject, Setup(limits=BRIEF), RunOptions())
    assert (record.status, record.measurement) == ("failed", None)
    assert record.failure is not None
    assert (record.failure.kind, record.failure.message) == ("DeviceLostError", "gone")
    assert record.gate is not None
    assert record.gate.passed


def test_a_worker_that_hangs_is_given_up(subject: Subject, tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(f"#!/bin/sh\ntrap 'kill $!; echo >{tmp_path}/ended; exit' TERM\nsleep 60 & wait\n")
    sleeper.chmod(0o755)
    with Device(LocalTransport()) as device:
        record = measure(device, subject, Setup(limits=BRIEF), RunOptions(python=str(sleeper), timeout_s=0.5))
    assert record.failure is not None
    assert "didn't finish" in record.failure.message
    deadline = time.monotonic() + 10
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < deadline, "the worker runs on after it was given up"
        time.sleep(0.05)


def test_results_are_written_after_every_case_and_gone_on_with(subject: Subject, tmp_path: Path) -> None:
    plan = Plan(("local",), (subject,), (Setup(limits=BRIEF), Setup(threads=2, limits=BRIEF)))
    output = tmp_path / "results.json"

    def stop_after_one(record: Record, done_before: bool) -> None:
        assert read_results(output).records == (record,)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, output, stop_after_one)
    (first,) = read_results(output).records
    told: list[bool] = []
    results, _ = run_plan(plan, output, lambda record, done_before: told.append(done_before))
    assert told == [True, False]
    assert results.records[0] == first
    assert len(results.records) == 2


def test_a_failed_case_is_tried_again(subject: Subject, tmp_path: Path) -> None:
    plan = Plan(("local",), (subject,), (Setup(limits=BRIEF),), RunOptions(python="python9"))
    output = tmp_path / "results.json"
    results, unusable = run_plan(plan, output, lambda record, done_before: None)
    assert ([record.status for record in results.records], unusable) == (["failed"], ())
    results, _ = run_plan(replace(plan, options=RunOptions()), output, lambda record, done_before: None)
    assert [record.status for record in results.records] == ["measured"]


def test_another_model_of_the_same_name_is_another_case(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    for dtype in ("int8", "uint8"):
        model.write_bytes(add_model(dtype, (1, 8, 8, 4)))
        plan = Plan(("local",), (file_subject(model, {}),), (Setup(limits=BRIEF),))
        results, _ = run_plan(plan, output, lambda record, done_before: None)
    assert len({record.subject.sha256 for record in results.records}) == len(results.records) == 2


def test_a_device_that_is_not_there_leaves_the_others(subject: Subject, tmp_path: Path) -> None:
    plan = Plan(("ssh:nobody@127.0.0.1:1", "local"), (subject,), (Setup(limits=BRIEF),))
    results, unusable = run_plan(plan, tmp_path / "r.json", lambda record, done_before: None)
    assert [record.device.name for record in results.records] == ["local"]
    assert [one.device for one in unusable] == ["ssh:nobody@127.0.0.1:1"]
    assert "can't be reached" in unusable[0].reason


@pytest.mark.parametrize("name", ["lokal", "ssh:", "usb:1", ""])
def test_names_that_are_no_device(name: str) -> None:
    with pytest.raises(UsageError, match="isn't a device"):
        open_device(name)


def test_an_ssh_name_is_never_an_option() -> None:
    with pytest.raises(NoDeviceError, match="names no SSH host"):
        open_device("ssh:-oProxyCommand=touch")


def test_another_processor_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lwisp_bench.devices.opening.SshTransport", lambda address, config: Pc())
    with pytest.raises(UnsupportedDeviceError, match="is mips64"):
        open_device("ssh:pc")


class Pc(Spoiled):
    """A host of another processor."""

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        return Completed(0, "machine=mips64\n", "")


def test_exit_codes(subject: Subject) -> None:
    with Device(LocalTransport()) as device:
        record = measure(device, subject, Setup(limits=BRIEF), RunOptions())
    assert record.measurement is not None
    wrong = OutputCheck("x", 0, "int8", (1,), False, 1.0, 0)

    def with_check(check: OutputCheck) -> Record:
        assert record.measurement is not None
        return replace(record, measurement=replace(record.measurement, checks=(check,)))

    assert exit_code((record,), ()) == 0
    assert exit_code((record, with_check(wrong)), ()) == 1
    assert exit_code((with_check(replace(wrong, dtype="float32")),), ()) == 0
    assert exit_code((record,), (Unusable("x", "gone"),)) == 2
    assert exit_code((replace(record, status="failed"),), ()) == 2
    assert exit_code((record, replace(record, status="inconclusive")), ()) == 3


def test_a_suite_is_the_product_of_its_lists(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(
        'models = ["lwisp", "add.tflite"]\nprecisions = ["int8", "fp16"]\nsizes = [32, 64]\nthreads = [1, 2]\n'
        'affinities = ["all", "0"]\nmode = "official"\nruns = 7\ngate = false\n'
        '[[shapes]]\ninput = "a"\nshape = [2, 8, 8, 4]\nmodel = "add.tflite"\n'
    )
    plan = plan_of(read_suite(path))
    names = [subject.name for subject in plan.subjects]
    assert names == ["lwisp int8 32", "lwisp int8 64", "lwisp fp16 32", "lwisp fp16 64", "add.tflite"]
    assert plan.subjects[-1].images[0].arrays[0].shape == (2, 8, 8, 4)
    assert len(plan.setups) == 4
    assert {setup.limits.min_runs for setup in plan.setups} == {7}
    assert (plan.setups[0].limits.min_s, plan.setups[0].limits.rule) == (60, "both")
    assert plan.options.gate is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models = 1", "must be a list"),
        ("model = ['x']", "unknown key 'model'"),
        ("mode = 'slow'", "must be one of quick, official, sustained"),
        ("threads = []", "threads are empty"),
        ("threads = [0]", "threads is 0"),
        ("runs = 0", "0 runs"),
        ("models = [", "isn't TOML"),
    ],
)
def test_suites_that_cannot_be_are_named(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        plan_of(read_suite(path))


def test_the_commands(adb_server: None, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "r.json")
    words = ["--runs", "12", "--no-gate", "-o", output]
    assert main(["bench", "run", str(model), "--shape", "a=2,8,8,4", *words]) == 0
    printed = capsys.readouterr().out
    assert "add.tflite, 1 threads, all CPUs, quick" in printed
    assert "1 of 1 outputs have this host's bits" in printed
    assert "emulator" not in printed
    (tmp_path / "s.toml").write_text('sizes = [32]\nprecisions = ["int8"]\nruns = 12\ngate = false\n')
    assert main(["bench", "suite", str(tmp_path / "s.toml"), "-o", output, "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert [record["subject"]["name"] for record in tree["results"]["records"]] == ["add.tflite", "lwisp int8 32"]
    assert tree["unusable"] == []
    assert main(["bench", "devices", "--json"]) == 0
    assert "local" in [one["name"] for one in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["run", "none.tflite"], "can't be read"),
        (["run", "--shape", "a"], "isn't like input"),
        (["run", "--size", "100"], "isn't a multiple of 16"),
        (["run", "--threads", "0"], "give 1 or more"),
        (["suite", "none.toml"], "none.toml"),
    ],
)
def test_wrong_use_is_named(words: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["bench", *words, "-o", str(tmp_path / "r.json")]) == 2
    assert reason in capsys.readouterr().err
