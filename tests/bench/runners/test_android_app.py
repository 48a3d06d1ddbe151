"""The app's runner against a phone whose am, content, pidof and pm are stand-ins, and whose app is this Python."""

import json
import os
import stat
import sys
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import DeviceError, WorkerError
from lwisp_bench.results.results_file import read_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.runners.android_app import Accelerator, AppRunner
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.worker.job import Limits
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from tests.bench.local import add_subject

pytestmark = pytest.mark.slow

FAKE = Path(__file__).with_name("fake_phone.py")
BRIEF = Limits(min_runs=4, min_s=0, rule="both", min_warm_up=2, max_warm_up_s=0.1)
SIDE_PX = 32


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The phone's folder. Its programs come before this host's."""
    home, programs = tmp_path / "phone", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    script = FAKE.read_text().replace("/usr/bin/env python3", sys.executable)
    for name in ("am", "content", "pidof", "pm"):
        program = programs / name
        program.write_text(script)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (home / "installed").touch()
    (home / "mode").write_text("works")
    monkeypatch.setenv("LWISP_FAKE_PHONE", str(home))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return home


def runner(device: Device, accelerator: Accelerator = "cpu", apk: Path | None = None) -> AppRunner:
    return AppRunner(device, RunOptions(gate=None), apk=apk, accelerator=accelerator, poll_s=0.05)


def test_a_case_is_run_and_compared_with_this_host(phone: Path) -> None:
    with Device(LocalTransport()) as device:
        found = runner(device, "gpu").measure(bundle_subject("lwisp", "int8", SIDE_PX, ()), Setup(limits=BRIEF))
    assert found.worker.samples.wall_ms == (2.0, 2.01, 2.02, 2.03)
    assert found.worker.runtime.delegate == "GPU"
    assert found.worker.memory.pss_bytes == 123_456_789
    assert [check.bit_equal for check in found.checks] == [True]
    assert found.drifts[0].comparison.psnr_db is not None
    assert not any((phone / "jobs").iterdir()), "the job's files are left on the phone"


def test_the_command(phone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (phone / "installed").unlink()
    apk, output = tmp_path / "app.apk", tmp_path / "app.json"
    apk.write_bytes(b"PK\x03\x04")
    words = ["bench", "run", "lwisp", "--app", str(apk), "--accelerator", "npu", "--size", str(SIDE_PX), "--runs", "4"]
    assert main([*words, "--seconds", "0", "--no-gate", "-o", str(output)]) == 0
    assert "1 of 1 outputs bit-equal to this host's" in capsys.readouterr().out
    (record,) = read_results(output).records
    assert record.setup.runner == "app"
    assert record.setup.tool is not None
    assert record.setup.tool.flags == ("accelerator=npu",)
    jsonschema.validate(json.loads(output.read_text()), results_schema())


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("crash", "ended without a result"),
        ("refuse", "No such model. Build the app again"),
        ("fallback", "asked for GPU and ran on CPU"),
    ],
)
def test_an_app_that_fails_is_an_error_in_words(phone: Path, mode: str, message: str) -> None:
    (phone / "mode").write_text(mode)
    with Device(LocalTransport()) as device, pytest.raises(WorkerError, match=message):
        runner(device, "gpu").run(bundle_subject("lwisp", "int8", SIDE_PX, ()), Setup(limits=BRIEF))


def test_a_phone_without_the_app_and_a_file_that_is_none(phone: Path, tmp_path: Path) -> None:
    (phone / "installed").unlink()
    (tmp_path / "no.apk").write_bytes(b"text")
    with Device(LocalTransport()) as device:
        with pytest.raises(DeviceError, match=r"hasn't the app .* --app FILE.apk"):
            runner(device)
        with pytest.raises(DeviceError, match="NOT_APK"):
            runner(device, apk=tmp_path / "no.apk")


def test_models_without_a_contract_are_refused(phone: Path, tmp_path: Path) -> None:
    with Device(LocalTransport()) as device, pytest.raises(UsageError, match="has no contract"):
        runner(device).run(add_subject(tmp_path), Setup(limits=BRIEF))
