"""Stock phones: mksh and toybox, no Python, a read-only root, and a card that nothing can be started from."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.devices.brought_runtime import bring_runtime
from lwisp_bench.devices.diagnosis import diagnose
from lwisp_bench.devices.opening import open_device
from lwisp_bench.errors import DeviceFullError, MissingPythonError
from lwisp_bench.results.results_file import read_results
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.runners.remote_worker import WorkerOptions, run_worker
from lwisp_bench.suite.execution import run_plan
from lwisp_bench.suite.plan import Plan, device_target
from lwisp_bench.virtual.arm_device import VirtualDevice, VirtualOptions
from lwisp_bench.worker.job import OUTPUTS_ONLY, Limits
from lwisp_mobile.cli.main import main
from tests.bench.conftest import Bench
from tests.bench.local import add_subject, ignore

Boot = Callable[[VirtualOptions], VirtualDevice]
FEW = Limits(min_runs=2, min_s=0.2, rule="either", min_warm_up=2, max_warm_up_s=0.2, trace_interval_s=0.1)
PHONE = VirtualOptions("phone", phone=True)


@pytest.fixture(scope="module")
def phone(bench: Bench) -> Iterator[VirtualDevice]:
    with bench.boot(PHONE) as device:
        yield device


def name_of(device: VirtualDevice) -> str:
    return f"adb:{device.adb_serial}"


def test_a_phone_has_nothing_that_measures(phone: VirtualDevice) -> None:
    with open_device(name_of(phone)) as device:
        assert device.run("python3 -c 1").status == 127
        assert device.run("touch /file").status != 0
        assert device.run("test -e /usr/lib -o -e /lib").status != 0
        device.run("printf 'echo ran' > /sdcard/program && chmod 755 /sdcard/program")
        assert device.run("/sdcard/program").status == 126
        assert device.describe().emulator == "qemu-aarch64"
        assert device.describe().cpus


@pytest.mark.slow
def test_from_a_stock_phone_to_a_report_in_one_command(
    phone: VirtualDevice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "results.json"
    words = ["lwisp", "--device", name_of(phone), "--size", "32", "--runs", "2", "--seconds", "1"]
    assert main(["bench", "run", *words, "-o", str(output)]) == 0, capsys.readouterr().out
    (record,) = read_results(output).records
    measurement = record.measurement
    assert measurement is not None
    assert [check.bit_equal for check in measurement.checks] == [True]
    assert measurement.worker.coverage is not None
    assert measurement.worker.coverage.undelegated == ()
    assert measurement.worker.memory.peak_bytes is not None
    assert (record.device_kind, record.device.model) == ("emulated", "virtual-cortex-a76")
    assert main(["bench", "report", str(output), "-o", str(tmp_path / "report.html")]) == 0
    with open_device(name_of(phone)) as device:
        kept = device.run(f"ls {device.folder}").stdout.split()
    assert len(kept) == 2, kept  # pushed files, and the runtime
    assert all(name.startswith(("blobs", "runtime-")) for name in kept)


@pytest.mark.slow
def test_two_phones_at_once_and_one_unplugged(bench: Bench, phone: VirtualDevice, boot: Boot, tmp_path: Path) -> None:
    other = boot(replace(PHONE, serial="unplugged"))
    subjects = (add_subject(tmp_path),)
    plans = {
        device: Plan((device_target(name_of(device), RunOptions()),), subjects, (Setup(limits=limits),))
        for device, limits in ((phone, FEW), (other, replace(FEW, min_s=900, rule="both")))
    }
    failures = {}

    def measure(device: VirtualDevice) -> None:
        _, failures[device] = run_plan(plans[device], tmp_path / f"{device.options.serial}.json", ignore)

    with open_device(name_of(other)) as hand:
        bring_runtime(hand)
        threads = [threading.Thread(target=measure, args=(device,)) for device in plans]
        for thread in threads:
            thread.start()
        while hand.run(f"ls {hand.folder}/run-*/request.json").status != 0:
            pass
        other.kill()
    for thread in threads:
        thread.join()
    assert failures[phone] == ()
    assert [one.device for one in failures[other]] == [name_of(other)]
    (kept,) = read_results(tmp_path / "phone.json").records
    assert kept.status == "measured"


def test_without_a_runtime_to_bring_a_missing_python_is_named(phone: VirtualDevice, tmp_path: Path) -> None:
    with open_device(name_of(phone)) as device, pytest.raises(MissingPythonError, match="--runtime brought"):
        run_worker(device, add_subject(tmp_path), Setup(limits=OUTPUTS_ONLY), WorkerOptions(runtime="own"))


@pytest.mark.slow
def test_a_phone_without_room_is_named(boot: Boot) -> None:
    small = boot(replace(PHONE, serial="small", data_mib=120))  # the archive fits, its files don't
    with open_device(name_of(small)) as device:
        with pytest.raises(DeviceFullError, match="200 MB"):
            bring_runtime(device)
        assert "runtime" not in device.run(f"ls -R {device.folder}").stdout


def test_the_routes_of_a_phone(phone: VirtualDevice, capsys: pytest.CaptureFixture[str]) -> None:
    open_device(name_of(phone)).close()
    found = {one.name: one for one in diagnose((), None, None)}[name_of(phone)]
    assert {route.name: route.available for route in found.routes} == {
        "own Python": False,
        "brought runtime": True,
        "native tool": True,
        "browser": True,
        "app": True,
    }
    assert main(["bench", "devices", "--json"]) == 0
    assert name_of(phone) in {one["name"] for one in json.loads(capsys.readouterr().out)}
    assert main(["bench", "devices"]) == 0
    assert f"lwisp bench run MODEL --device {name_of(phone)}" in capsys.readouterr().out
