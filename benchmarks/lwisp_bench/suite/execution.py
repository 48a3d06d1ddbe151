"""Executing a plan: results are written after each case, and finished cases aren't run again."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.errors import DeviceError, DeviceLostError
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.record import Failure, Measurement, Record, Status, case_id, subject_facts
from lwisp_bench.results.results_file import Results, ResultsFile
from lwisp_bench.runners.runner import Runner
from lwisp_bench.suite.plan import Plan
from lwisp_mobile.errors import LwispError

Progress = Callable[[Record, bool], None]
"""Called after each case; True: it was measured in an earlier run."""


@dataclass(frozen=True)
class DeviceFailure:
    """A device that couldn't be opened, or was lost; its remaining cases weren't tried."""

    device: str
    reason: str


def run_plan(plan: Plan, output: Path, progress: Progress) -> tuple[Results, tuple[DeviceFailure, ...]]:
    """Run what isn't finished yet, target by target. output: the results file, continued if it exists.

    Raises ResultsError if the file is of another kind, UsageError on a malformed device name, CounterError or
    VirtualDeviceError if this machine can't count instructions.
    """
    file = ResultsFile(output)
    failures: list[DeviceFailure] = []
    for target in plan.targets:
        try:
            with target.open() as runner:
                reason = _run_target(runner, plan, file, progress)
        except DeviceError as error:
            reason = str(error)
        if reason is not None:
            failures.append(DeviceFailure(target.name, reason))
    return file.results, tuple(failures)


def measure_case(runner: Runner, subject: Subject, setup: Setup) -> Record:
    """Measure one case. A failure is a record, too; KeyboardInterrupt passes."""
    description = runner.describe()
    begin, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    gate, result, failure = None, None, None
    try:
        gate = runner.pass_gate()
        if gate is None or gate.passed:
            result = runner.measure(subject, setup)
    except LwispError as error:
        failure = Failure(type(error).__name__, str(error))
    return Record(
        case_id=case_id(subject, setup, description),
        subject=subject_facts(subject),
        device=description,
        setup=setup,
        clock=runner.clock,
        device_kind=description.kind,
        status=_status(result, failure),
        started=started,
        took_s=time.monotonic() - begin,
        gate=gate,
        failure=failure,
        measurement=result if isinstance(result, Measurement) else None,
        cost=result if isinstance(result, InstructionCost) else None,
    )


def exit_code(records: Sequence[Record], failures: Sequence[DeviceFailure]) -> int:
    """0 pass; 1 integer outputs differ from this host's; 2 a case or a device failed; 3 inconclusive."""
    if failures or any(record.status == "failed" for record in records):
        return 2
    if any(_bits_differ(record) for record in records):
        return 1
    return 3 if any(record.status == "inconclusive" for record in records) else 0


def _run_target(runner: Runner, plan: Plan, file: ResultsFile, progress: Progress) -> str | None:
    """Returns why the target was given up; None if it wasn't."""
    for subject, setup in itertools.product(plan.subjects, plan.setups):
        done = file.results.find(case_id(subject, setup, runner.describe()))
        if done is not None and done.status == "measured":
            progress(done, True)
            continue
        record = measure_case(runner, subject, setup)
        file.add(record)
        progress(record, False)
        if record.failure is not None and record.failure.kind == DeviceLostError.__name__:
            return record.failure.message
    return None


def _status(result: Measurement | InstructionCost | None, failure: Failure | None) -> Status:
    if failure is not None:
        return "failed"
    throttled = isinstance(result, Measurement) and result.verdict.kind == "throttled"
    return "inconclusive" if result is None or throttled else "measured"


def _bits_differ(record: Record) -> bool:
    """Whether an integer output isn't this host's; floats may differ in the last bits between processors."""
    found = record.measurement or record.cost
    checks = found.checks if found is not None else ()
    return any(not check.bit_equal and not check.dtype.startswith("float") for check in checks)
