"""The harness on virtual ARM devices, over real adb and real SSH: arm64 code, real servers, no fakes."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.setup import NativeTool, Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.diagnosis import diagnose
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.opening import open_device
from lwisp_bench.errors import (
    DeviceFullError,
    DeviceLostError,
    HostKeyError,
    MissingPythonError,
    MissingRuntimeError,
    NoDeviceError,
    UnauthorisedError,
    UnreachableError,
)
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.report.page import write_report
from lwisp_bench.results.report.view import source_of
from lwisp_bench.results.results_file import read_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.results.terminal import record_lines
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.runners.native.benchmark_model import NativeRunner
from lwisp_bench.runners.native.tool import Tool
from lwisp_bench.runners.python import PythonRunner
from lwisp_bench.runners.remote_worker import WorkerOptions, host_outputs, run_worker
from lwisp_bench.suite.execution import exit_code, measure_case, run_plan
from lwisp_bench.suite.plan import Plan, device_target
from lwisp_bench.virtual.arm_device import VirtualDevice, VirtualOptions
from lwisp_bench.worker.job import OUTPUTS_ONLY, Limits
from tests.bench.conftest import Bench
from tests.bench.local import LOCAL, add_subject, ignore, write_subject
from tests.bench.small_models import add_model

Boot = Callable[[VirtualOptions], VirtualDevice]

FEW = Limits(min_runs=2, min_s=0.2, rule="either", min_warm_up=2, max_warm_up_s=0.2, trace_interval_s=0.1)
LONG = replace(FEW, min_runs=1, min_s=900, rule="both")
DATA = "/data/local/tmp/lwisp-bench"
CPUS = "/sys/devices/system/cpu"
SSH_DATA = "/data/local/tmp/.cache/lwisp-bench"


def adb_name(device: VirtualDevice) -> str:
    return f"adb:{device.adb_serial}"


def ssh_device(bench: Bench, device: VirtualDevice) -> Device:
    return open_device(f"ssh:{device.options.serial}", bench.ssh_config(device))


@pytest.mark.slow
def test_a_suite_on_two_devices_over_adb_and_ssh(
    bench: Bench, a76: VirtualDevice, n2: VirtualDevice, tmp_path: Path
) -> None:
    output = tmp_path / "results.json"
    options = RunOptions(pictures=pictures_folder(output))
    over_ssh = device_target("ssh:n2", options, ssh_config=bench.ssh_config(n2))
    plan = Plan(
        targets=(device_target(adb_name(a76), options), over_ssh),
        subjects=(bundle_subject("lwisp", "int8", 32, ()), add_subject(tmp_path, "uint8")),
        setups=(Setup(limits=FEW),),
    )
    results, failures = run_plan(plan, output, ignore)
    assert failures == ()
    assert [record.status for record in results.records] == ["measured"] * 4, results.records
    assert exit_code(results.records, failures) == 0
    for record in results.records:
        assert (record.device_kind, record.device.emulator, record.clock) == ("emulated", "qemu-aarch64", "wall")
        assert record.measurement is not None
        assert record.measurement.worker.coverage is not None
        assert all(check.bit_equal for check in record.measurement.checks)
        assert "wall clock of an emulator, not a latency" in "\n".join(record_lines(record, False))
    on_a76, _, on_n2, _ = results.records
    assert "asimddp" in (on_a76.device.features or ())
    assert "i8mm" in (on_n2.device.features or ())
    assert "i8mm" not in (on_a76.device.features or ())
    for record in (on_a76, on_n2):
        assert record.measurement is not None
        (drift,) = record.measurement.drifts
        assert drift.comparison.psnr_db is not None
        assert 30 < drift.comparison.psnr_db < 60
        assert record.measurement.worker.coverage is not None
        assert record.measurement.worker.coverage.undelegated == ()
    jsonschema.validate(json.loads(output.read_text()), results_schema())
    page = tmp_path / "report.html"
    write_report(page, [source_of(output, results)])
    assert "Time under emulation" in page.read_text()
    assert ">Latency<" not in page.read_text()
    assert page.read_text().count("data:image/png;base64,") == 10
    before = output.stat().st_mtime_ns
    assert run_plan(plan, output, ignore)[0] == results, "finished cases were run again"
    assert output.stat().st_mtime_ns == before


@contextlib.contextmanager
def one_big_core(device: VirtualDevice) -> Iterator[None]:
    """CPU 0 is big, the others are little, as phones report it."""
    with open_device(adb_name(device)) as hand:
        hand.run(f"for cpu in {CPUS}/cpu[0-9]*; do echo 400 > $cpu/cpu_capacity; done")
        hand.run(f"echo 1024 > {CPUS}/cpu0/cpu_capacity")
        try:
            yield
        finally:
            hand.run(f"rm {CPUS}/cpu*/cpu_capacity")


@pytest.mark.slow
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one CPU is neither big nor little")
def test_the_native_runner_on_a_big_core(a76: VirtualDevice, tmp_path: Path) -> None:
    printed = (Path(__file__).parents[1] / "runners/native/tool_outputs/2024.txt").read_text()
    program = f"#!/bin/sh\ncat >&2 <<'END'\n{printed}\nEND\n".encode()  # no package ships a real build
    setup = Setup(limits=FEW, affinity="big", runner="native", tool=NativeTool("0" * 64, launches=2))
    with one_big_core(a76), open_device(adb_name(a76)) as device:
        record = measure_case(NativeRunner(device, RunOptions(), Tool(program)), add_subject(tmp_path), setup)
    measurement = record.measurement
    assert measurement is not None, record.failure
    assert (record.device_kind, measurement.summary.runs, measurement.worker.cpus) == ("emulated", 2, (0,))
    assert (measurement.checks, measurement.checks_error) == ((), "the tool writes no outputs")
    assert measurement.worker.profile is not None


def test_the_worker_runs_on_arm_over_adb(a76: VirtualDevice, tmp_path: Path) -> None:
    subject = add_subject(tmp_path)
    with open_device(adb_name(a76)) as device:
        done = run_worker(device, subject, Setup(limits=OUTPUTS_ONLY), WorkerOptions())
        assert device.describe().machine == "aarch64"
    assert done.outputs[0][0].tobytes() == host_outputs(subject, subject.model)[0][0].tobytes()


def test_push_and_pull_over_adb_and_ssh(bench: Bench, a76: VirtualDevice) -> None:
    data = os.urandom(1 << 20) + b"\r\n\0lwisp-exit 0\n"
    for device in (open_device(adb_name(a76)), ssh_device(bench, a76)):
        with device:
            path = device.push(data)
            assert device.pull(path) == data
            assert device.run("printf out; printf err >&2; exit 7").status == 7


@pytest.mark.slow
def test_a_stale_model_of_the_same_size_is_replaced(a76: VirtualDevice) -> None:
    model = os.urandom(5000)
    with open_device(adb_name(a76)) as device:
        path = device.push(model)
        device.put(bytes(reversed(model)), path)
        assert device.pull(path) != model
        assert device.push(model) == path
        assert device.pull(path) == model


@pytest.mark.slow
def test_what_is_there_is_not_pushed_again(a76: VirtualDevice) -> None:
    model = os.urandom(5000)
    with open_device(adb_name(a76)) as device:
        path = device.push(model)
        inode = device.run(f"stat -c %i {path}").stdout
        device.push(model)
        assert device.run(f"stat -c %i {path}").stdout == inode


@pytest.mark.slow
def test_two_devices_and_no_serial(a76: VirtualDevice, n2: VirtualDevice) -> None:
    for device in (a76, n2):
        open_device(adb_name(device)).close()
    with pytest.raises(NoDeviceError, match="name one") as caught:
        open_device("adb")
    assert a76.adb_serial in str(caught.value)
    assert n2.adb_serial in str(caught.value)


@pytest.mark.slow
def test_each_serial_is_its_own_device(a76: VirtualDevice, n2: VirtualDevice) -> None:
    found = {}
    for device in (a76, n2):
        with open_device(adb_name(device)) as opened:
            found[device.options.serial] = opened.describe()
    assert {name: facts.model for name, facts in found.items()} == {
        "a76": "virtual-cortex-a76",
        "n2": "virtual-neoverse-n2",
    }
    assert found["a76"].identity != found["n2"].identity


def in_mid_run(hand: Device, act: Callable[[], object]) -> threading.Thread:
    """Do something two seconds after a worker received its request. hand: a second connection to the device."""

    def wait_and_act() -> None:
        while (
            hand.run(f"ls {DATA}/run-*/request.json {SSH_DATA}/run-*/request.json 2>/dev/null | grep -q .").status != 0
        ):
            time.sleep(0.1)
        time.sleep(2)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


@pytest.mark.slow
@pytest.mark.parametrize("way", ["adb", "ssh"])
def test_a_device_killed_in_mid_run(bench: Bench, boot: Boot, tmp_path: Path, way: str) -> None:
    device = boot(VirtualOptions(f"lost-{way}", "cortex-a72"))
    name = adb_name(device) if way == "adb" else f"ssh:{device.options.serial}"
    output, subjects = tmp_path / "results.json", (add_subject(tmp_path),)
    run_plan(Plan(LOCAL, subjects, (Setup(limits=FEW),)), output, ignore)
    target = device_target(name, RunOptions(), ssh_config=bench.ssh_config(device))
    plan = Plan((target,), subjects, (Setup(limits=LONG), Setup(threads=2, limits=LONG)))
    begin = time.monotonic()
    with open_device(adb_name(device)) as hand:
        plug = in_mid_run(hand, device.kill)
        _, failures = run_plan(plan, output, ignore)
        plug.join()
    assert time.monotonic() - begin < 600, "the loss was only seen when the run should have ended"
    kept = read_results(output).records
    assert [(record.device.name, record.status) for record in kept] == [("local", "measured"), (name, "failed")]
    failure = kept[1].failure
    assert failure is not None
    assert (failure.kind, name in failure.message, "kept" in failure.message) == (DeviceLostError.__name__, True, True)
    assert [one.device for one in failures] == [name]
    assert exit_code(kept, failures) == 2


@pytest.mark.slow
def test_throttling_is_detected(a76: VirtualDevice, tmp_path: Path) -> None:
    cap = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq"
    zone = "/sys/class/thermal/thermal_zone0/temp"
    setup = Setup(limits=replace(FEW, min_s=8, rule="both"))
    with open_device(adb_name(a76)) as device, open_device(adb_name(a76)) as hand:
        heat = in_mid_run(hand, lambda: hand.run(f"echo 92000 > {zone}; echo 1200000 > {cap}"))
        try:
            record = measure_case(PythonRunner(device, RunOptions()), add_subject(tmp_path), setup)
        finally:
            heat.join()
            hand.run(f"echo 45000 > {zone}; echo 2400000 > {cap}")
    assert record.measurement is not None, record.failure
    assert record.measurement.verdict.kind == "throttled"
    assert "1200000 kHz" in record.measurement.verdict.rule
    assert record.status == "inconclusive"
    assert max(max(point.celsius) for point in record.measurement.worker.trace) == 92
    assert exit_code((record,), ()) == 3


@pytest.mark.slow
def test_a_hot_device_is_not_measured(a76: VirtualDevice, tmp_path: Path) -> None:
    zone = "/sys/class/thermal/thermal_zone0"
    options = RunOptions(gate=GateLimits(max_wait_s=0.1, poll_s=0.1))
    with open_device(adb_name(a76)) as device:
        device.run(f"echo skin-therm > {zone}/type; echo 48000 > {zone}/temp")
        try:
            record = measure_case(PythonRunner(device, options), add_subject(tmp_path), Setup(limits=FEW))
        finally:
            device.run(f"echo cpu-thermal > {zone}/type; echo 45000 > {zone}/temp")
    assert (record.status, record.measurement) == ("inconclusive", None)
    assert record.gate is not None
    assert record.gate.obstacle == "skin-therm is at 48.0 °C, above 37"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["adb", "ssh"])
def test_a_full_disk_is_named(bench: Bench, boot: Boot, way: str) -> None:
    small = boot(VirtualOptions(f"full-{way}", data_mib=1))
    device = open_device(adb_name(small)) if way == "adb" else ssh_device(bench, small)
    with device:
        device.push(b"little")
        with pytest.raises(DeviceFullError, match="no room"):
            device.push(os.urandom(3 << 20))


@pytest.mark.slow
def test_a_disk_filled_by_the_outputs_is_named(boot: Boot, tmp_path: Path) -> None:
    small = boot(VirtualOptions("outputs", data_mib=2))
    large = write_subject(tmp_path, add_model("int8", (1, 700, 700, 1)))  # two inputs of 0.5 MB fit, an output doesn't
    with open_device(adb_name(small)) as device:
        device.run(f"head -c 800000 /dev/zero > {DATA}-filler")
        with pytest.raises(DeviceFullError, match="outputs"):
            run_worker(device, large, Setup(limits=FEW), WorkerOptions())


@pytest.mark.slow
def test_a_missing_python_is_named(a76: VirtualDevice, tmp_path: Path) -> None:
    with open_device(adb_name(a76)) as device, pytest.raises(MissingPythonError, match="no python9"):
        run_worker(device, add_subject(tmp_path), Setup(limits=FEW), WorkerOptions("python9"))


@pytest.mark.slow
def test_a_bare_board_receives_the_runtime(boot: Boot, tmp_path: Path) -> None:
    subject = add_subject(tmp_path)
    board = boot(VirtualOptions("bare", engine=False))
    setup = Setup(limits=OUTPUTS_ONLY)
    with open_device(adb_name(board)) as device:
        with pytest.raises(MissingRuntimeError, match="--runtime brought"):
            run_worker(device, subject, setup, WorkerOptions(runtime="own"))
        brought = run_worker(device, subject, setup, WorkerOptions())
    assert brought.result.runtime.version == version("ai-edge-litert")
    assert brought.outputs[0][0].tobytes() == host_outputs(subject, subject.model)[0][0].tobytes()


@pytest.mark.slow
def test_host_keys_are_checked(bench: Bench, a76: VirtualDevice, tmp_path: Path) -> None:
    config = bench.ssh_config(a76)
    known = tmp_path / "known_hosts"
    strict = tmp_path / "strict"
    text = config.read_text().replace("accept-new", "yes").replace(str(bench.folder / "known_hosts"), str(known))
    strict.write_text(text)
    with pytest.raises(HostKeyError, match="isn't a known host"):
        open_device("ssh:a76", strict)
    known.write_text(f"[127.0.0.1]:{a76.ssh_port} {' '.join(bench.public_key.split()[:2])}\n")
    with pytest.raises(HostKeyError, match="a host key other than the known one"):
        open_device("ssh:a76", strict)


@pytest.mark.slow
def test_a_login_that_is_refused_is_named(bench: Bench, n2: VirtualDevice, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(bench.ssh_config(n2).read_text().replace(f"{bench.folder}/key", str(tmp_path / "none")))
    with pytest.raises(UnauthorisedError, match="refuses the login"):
        open_device("ssh:n2", config)


@pytest.mark.slow
def test_a_device_that_is_off_is_named(boot: Boot, bench: Bench) -> None:
    device = boot(VirtualOptions("off"))
    config = bench.ssh_config(device)
    device.kill()
    with pytest.raises(UnreachableError, match="can't be reached"):
        open_device(adb_name(device))
    with pytest.raises(UnreachableError, match="can't be reached"):
        open_device("ssh:off", config)


@pytest.mark.slow
def test_devices_are_listed_with_what_they_lack(bench: Bench, a76: VirtualDevice, boot: Boot) -> None:
    off = boot(VirtualOptions("listed"))
    config = bench.ssh_config(off)
    off.kill()
    open_device(adb_name(a76)).close()
    found = {one.name: one for one in diagnose(("ssh:listed",), None, config)}
    mine = found[adb_name(a76)]
    assert mine.problem is None
    assert "ai-edge-litert 2.3.0" in mine.routes[0].detail
    assert "can't be reached" in str(found["ssh:listed"].problem)
    assert found["local"].problem is None
