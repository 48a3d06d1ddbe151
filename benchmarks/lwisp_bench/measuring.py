"""Measuring one case on one device: gate, run, compare; the outcome, good or bad, is a record."""

import time
from datetime import UTC, datetime

from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.device import Device
from lwisp_bench.gate import GateResult, pass_gate
from lwisp_bench.outputs import Arrays, Drift, OutputCheck, check_outputs, picture_drift
from lwisp_bench.record import Failure, Measurement, Record, Status, case_id, subject_facts
from lwisp_bench.remote_worker import RunOptions, host_outputs, run_worker
from lwisp_bench.setups import Setup
from lwisp_bench.subjects import Subject
from lwisp_bench.summary import Minute, by_minute, judge, summarise
from lwisp_mobile.errors import LwispError


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
    finished = run_worker(device, subject, setup, options)
    after = device.conditions()
    checks, drifts = _compare(subject, finished.outputs)
    minutes = by_minute(finished.result.samples)
    return Measurement(
        worker=finished.result,
        before=before,
        after=after,
        summary=summarise(finished.result.samples.wall_ms),
        minutes=minutes,
        throttle_ratio=_throttle_ratio(minutes),
        verdict=judge(finished.result, before, after, minutes),
        checks=checks,
        drifts=drifts,
    )


def _compare(subject: Subject, outputs: tuple[Arrays, ...]) -> tuple[tuple[OutputCheck, ...], tuple[Drift, ...]]:
    host = host_outputs(subject, subject.model)
    names = [image.name for image in subject.images]
    checks = tuple(check for name, mine, its in zip(names, outputs, host) for check in check_outputs(name, mine, its))
    if subject.contract is None or subject.reference is None:
        return checks, ()
    floats = host_outputs(subject, subject.reference)
    pictures = zip(names, outputs, floats)
    return checks, tuple(picture_drift(name, mine, its, subject.contract) for name, mine, its in pictures)


def _status(measurement: Measurement | None, failure: Failure | None) -> Status:
    if failure is not None:
        return "failed"
    return "inconclusive" if measurement is None or measurement.verdict.kind == "throttled" else "measured"


def _throttle_ratio(minutes: tuple[Minute, ...]) -> float | None:
    return minutes[-1].p50_ms / minutes[0].p50_ms if minutes else None
