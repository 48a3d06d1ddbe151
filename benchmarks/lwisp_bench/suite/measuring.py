"""Measuring one case on one device: gate, run, compare; the outcome, good or bad, is a record."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.gate import GateResult, pass_gate
from lwisp_bench.results.output_check import Arrays, Drift, OutputCheck, check_outputs, picture_drift, split_outputs
from lwisp_bench.results.record import Failure, Measurement, Record, Status, case_id, subject_facts
from lwisp_bench.results.summary import Minute, Summary, by_minute, judge, summarise
from lwisp_bench.runners.native.runner import run_native
from lwisp_bench.runners.python_worker import RunOptions, host_outputs, run_worker
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.worker.job import WorkerResult
from lwisp_mobile.errors import LwispError, UsageError


def measure(device: Device, subject: Subject, setup: Setup, options: RunOptions) -> Record:
    """Measure one case. A failure is a record, too; KeyboardInterrupt passes."""
    description = device.describe()
    begin, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    gate, measurement, failure = None, None, None
    try:
        gate, before = _gate(device, options)
        if gate is None or gate.passed:
            measurement = _measure(device, subject, setup, options, before)
    except LwispError as error:
        failure = Failure(type(error).__name__, str(error))
    return Record(
        case_id=case_id(subject, setup, description),
        subject=subject_facts(subject),
        device=description,
        setup=setup,
        clock="wall",
        device_kind=description.kind,
        status=_status(measurement, failure),
        started=started,
        took_s=time.monotonic() - begin,
        gate=gate,
        failure=failure,
        measurement=measurement,
    )


def _gate(device: Device, options: RunOptions) -> tuple[GateResult | None, Conditions]:
    return (None, device.conditions()) if options.gate is None else pass_gate(device.conditions, options.gate)


def _measure(device: Device, subject: Subject, setup: Setup, options: RunOptions, before: Conditions) -> Measurement:
    ran = _run(device, subject, setup, options)
    after = device.conditions()
    checks, drifts = ((), ()) if ran.outputs is None else _compare(subject, ran.outputs, options.pictures)
    minutes = by_minute(ran.result.samples)
    return Measurement(
        worker=ran.result,
        before=before,
        after=after,
        summary=ran.summary,
        minutes=minutes,
        throttle_ratio=_throttle_ratio(minutes),
        verdict=judge(ran.result, before, after, minutes),
        checks=checks,
        checks_error="the tool writes no outputs" if ran.outputs is None else None,
        drifts=drifts,
    )


@dataclass(frozen=True)
class _Ran:
    """What a runner brought."""

    result: WorkerResult
    summary: Summary
    outputs: tuple[Arrays, ...] | bytes | None
    """Per image; bytes: the first image's, one after the other."""


def _run(device: Device, subject: Subject, setup: Setup, options: RunOptions) -> _Ran:
    if setup.runner == "native":
        if options.native is None:
            raise UsageError("The native runner needs a program; give --native.")
        native = run_native(device, subject, setup, options.native, options.timeout_s)
        return _Ran(native.result, native.summary, native.output)
    finished = run_worker(device, subject, setup, options)
    return _Ran(finished.result, summarise(finished.result.samples.wall_ms), finished.outputs)


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


def _status(measurement: Measurement | None, failure: Failure | None) -> Status:
    if failure is not None:
        return "failed"
    return "inconclusive" if measurement is None or measurement.verdict.kind == "throttled" else "measured"


def _throttle_ratio(minutes: tuple[Minute, ...]) -> float | None:
    return minutes[-1].p50_ms / minutes[0].p50_ms if minutes else None
