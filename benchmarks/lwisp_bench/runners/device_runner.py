"""The common part of runners on a device: entry gate, conditions, checks of the outputs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.gate import GateLimits, GateResult, pass_gate
from lwisp_bench.results.output_check import Arrays, Drift, OutputCheck, check_outputs, picture_drift, split_outputs
from lwisp_bench.results.record import Clock, Measurement
from lwisp_bench.results.summary import Minute, Summary, judge_stability, per_minute
from lwisp_bench.runners.remote_worker import WorkerOptions, host_outputs
from lwisp_bench.worker.job import WorkerResult


@dataclass(frozen=True)
class RunOptions:
    """Options of every case of a run."""

    gate: GateLimits | None = field(default_factory=GateLimits)
    """None: measure whatever the conditions."""
    pictures: Path | None = None
    """Folder where pictures of the drift are kept; None: they aren't."""
    worker: WorkerOptions = field(default_factory=WorkerOptions)


@dataclass(frozen=True)
class DeviceRun:
    """One case as it ran on a device."""

    result: WorkerResult
    summary: Summary
    outputs: tuple[Arrays, ...] | bytes | None
    """Per image; bytes: the first image's, concatenated; None: the program writes none."""


class DeviceRunner(ABC):
    """Times cases on a device by the wall clock. A subclass runs one case its own way."""

    clock: Clock = "wall"

    def __init__(self, device: Device, options: RunOptions) -> None:
        """device: open, and closed by the caller."""
        self.device = device
        self.options = options

    @abstractmethod
    def run(self, subject: Subject, setup: Setup) -> DeviceRun:
        """Run one case on the device."""

    def describe(self) -> DeviceDescription:
        """Describe the device."""
        return self.device.describe()

    def pass_gate(self) -> GateResult | None:
        """Wait until the device is neither hot nor throttled, unless the gate is off."""
        limits = self.options.gate
        return None if limits is None else pass_gate(self.device.conditions, limits)

    def measure(self, subject: Subject, setup: Setup) -> Measurement:
        """Run one case, and compare its outputs with this host's."""
        before = self.device.conditions()
        run = self.run(subject, setup)
        after = self.device.conditions()
        return measurement_of(subject, run, before, after, self.options.pictures)


def measurement_of(
    subject: Subject, run: DeviceRun, before: Conditions, after: Conditions, pictures: Path | None
) -> Measurement:
    """Judge a run, and compare its outputs with this host's. pictures: folder where pictures of the drift are kept."""
    checks, drifts = ((), ()) if run.outputs is None else _compare(subject, run.outputs, pictures)
    minutes = per_minute(run.result.samples)
    return Measurement(
        worker=run.result,
        before=before,
        after=after,
        summary=run.summary,
        minutes=minutes,
        throttle_ratio=_throttle_ratio(minutes),
        verdict=judge_stability(run.result, before, after, minutes),
        checks=checks,
        checks_error="the tool writes no outputs" if run.outputs is None else None,
        drifts=drifts,
    )


def _compare(
    subject: Subject, pulled: tuple[Arrays, ...] | bytes, folder: Path | None
) -> tuple[tuple[OutputCheck, ...], tuple[Drift, ...]]:
    host = host_outputs(subject, subject.model)
    outputs = (split_outputs(pulled, host[0]),) if isinstance(pulled, bytes) else pulled
    names = [image.name for image in subject.images]
    checks = tuple(check for name, mine, its in zip(names, outputs, host) for check in check_outputs(name, mine, its))
    if subject.contract is None or subject.reference is None:
        return checks, ()
    floats = host_outputs(subject, subject.reference)
    pictures = zip(names, outputs, floats)
    return checks, tuple(picture_drift(name, mine, its, subject.contract, folder) for name, mine, its in pictures)


def _throttle_ratio(minutes: tuple[Minute, ...]) -> float | None:
    return minutes[-1].p50_ms / minutes[0].p50_ms if minutes else None
