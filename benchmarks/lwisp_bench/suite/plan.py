"""Plans: a suite with its models loaded and its runners chosen, ready to be executed."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lwisp_bench.cases.setup import MODES, NativeTool, RunnerName, Setup
from lwisp_bench.cases.subject import Subject, bundle_subject, file_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.opening import open_device
from lwisp_bench.runners.android_app import AppRunner, app_tool
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.runners.instructions.counting import COUNTING_SETUP, InstructionRunner, find_counter_kit
from lwisp_bench.runners.native.benchmark_model import NativeRunner
from lwisp_bench.runners.native.tool import FETCH, read_tool
from lwisp_bench.runners.python import PythonRunner
from lwisp_bench.runners.remote_worker import WorkerOptions
from lwisp_bench.runners.runner import Runner
from lwisp_bench.suite.definition import Suite
from lwisp_bench.worker.job import Limits
from lwisp_mobile.errors import UsageError

DeviceRunnerFactory = Callable[[Device, RunOptions], Runner]


@dataclass(frozen=True)
class Target:
    """A device or an emulated CPU, with the runner that measures on it."""

    name: str
    open: Callable[[], AbstractContextManager[Runner]]
    """Raises DeviceError."""


@dataclass(frozen=True)
class Plan:
    """The cases to measure: every subject in every setup on every target."""

    targets: tuple[Target, ...]
    subjects: tuple[Subject, ...]
    setups: tuple[Setup, ...]


def plan_of(suite: Suite, pictures: Path | None = None) -> Plan:
    """Load the models and choose the runners. pictures: folder where pictures of the drift are kept.

    Raises what a model that can't be used raises; CounterError or VirtualDeviceError if this machine can't count.
    """
    subjects = load_subjects(suite)
    if suite.clock == "insn":
        return Plan(_counting_targets(suite), subjects, (COUNTING_SETUP,))
    fetched = suite.native == FETCH
    given = None
    if suite.native is not None and not fetched:
        given = read_tool(Path(suite.native), tuple(map(Path, suite.native_libraries)))
    apk = Path(suite.app) if suite.app else None
    tool = None if suite.app is None else app_tool(apk, suite.accelerator)
    if given or fetched:
        tool = NativeTool(None if given is None else given.sha256, suite.native_flags, suite.launches)
    limits = limits_of(suite)
    setups = tuple(
        Setup(threads, affinity, suite.mode, limits, _runner_name(suite), tool)
        for affinity, threads in itertools.product(suite.affinities, suite.threads)
    )
    worker = WorkerOptions(suite.python, suite.runtime)
    gate = GateLimits(suite.max_celsius, suite.max_wait_s) if suite.gate else None
    options = RunOptions(gate, pictures, worker)
    runner: DeviceRunnerFactory = PythonRunner
    if given or fetched:
        runner = partial(NativeRunner, tool=given)
    if suite.app is not None:
        runner = partial(AppRunner, apk=apk, accelerator=suite.accelerator)
    return Plan(
        tuple(device_target(name, options, runner, suite.ssh_config) for name in suite.devices), subjects, setups
    )


def _runner_name(suite: Suite) -> RunnerName:
    if suite.app is not None:
        return "app"
    return "python" if suite.native is None else "native"


def device_target(
    name: str,
    options: RunOptions,
    runner: DeviceRunnerFactory = PythonRunner,
    ssh_config: str | Path | None = None,
) -> Target:
    """A device by its name, as `open_device` takes it."""

    @contextmanager
    def open_runner() -> Iterator[Runner]:
        with open_device(name, ssh_config) as device:
            yield runner(device, options)

    return Target(name, open_runner)


def load_subjects(suite: Suite) -> tuple[Subject, ...]:
    """Load every model in every precision and size. Raises ModelError, BundleError, UsageError."""
    return tuple(subject for model in suite.models for subject in _subjects(model, suite))


def _subjects(model: str, suite: Suite) -> Iterator[Subject]:
    if model.endswith(".tflite"):
        yield file_subject(Path(model), {s.input: s.shape for s in suite.shapes if s.model in (None, model)})
        return
    raws = [Path(raw) for raw in suite.raws]
    for precision, size in itertools.product(suite.precisions, suite.sizes):
        yield bundle_subject(model, precision, size, raws)


def _counting_targets(suite: Suite) -> tuple[Target, ...]:
    kit = find_counter_kit()
    return tuple(_counting_target(InstructionRunner(cpu, kit)) for cpu in suite.cpus)


def _counting_target(runner: InstructionRunner) -> Target:
    return Target(f"insn:{runner.cpu}", lambda: nullcontext(runner))


def limits_of(suite: Suite) -> Limits:
    """The mode's limits with the suite's own. Raises UsageError if nothing could be measured."""
    limits = MODES[suite.mode]
    if suite.runs is not None:
        limits = replace(limits, min_runs=suite.runs)
    if suite.seconds is not None:
        limits = replace(limits, min_s=suite.seconds)
    if limits.min_runs < 1 or limits.min_s < 0:
        raise UsageError(f"{limits.min_runs} runs in {limits.min_s} s can't be measured; give 1 run or more.")
    return limits
