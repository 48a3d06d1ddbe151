"""Running many cases on many devices: results are written after each, and finished ones aren't run again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.opening import open_device
from lwisp_bench.errors import DeviceError, DeviceLostError
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.file import Results, read_results, write_results
from lwisp_bench.results.record import Record, case_id
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.suite.measuring import measure
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject


@dataclass(frozen=True)
class Plan:
    """What is to be measured: every subject in every setup on every device."""

    devices: tuple[str, ...]
    subjects: tuple[Subject, ...]
    setups: tuple[Setup, ...]
    options: RunOptions = field(default_factory=RunOptions)
    ssh_config: Path | None = None


@dataclass(frozen=True)
class Unusable:
    """A device that couldn't be opened, or was lost on the way; its other cases weren't tried."""

    device: str
    reason: str


Told = Callable[[Record, bool], None]
"""Called after each case; True: it was done before."""


def run_plan(plan: Plan, output: Path, told: Told) -> tuple[Results, tuple[Unusable, ...]]:
    """Run what isn't finished yet, device by device. output: the results file, gone on with if it's there.

    Pictures of the drift go into a folder beside it (`lwisp_bench.results.drift_pictures`).

    Raises ResultsError if the file is of another kind, UsageError on a device name that can't be.
    """
    results = read_results(output) if output.exists() else Results()
    plan = replace(plan, options=replace(plan.options, pictures=pictures_folder(output)))
    unusable: list[Unusable] = []
    for name in plan.devices:
        try:
            with open_device(name, plan.ssh_config) as device:
                results, reason = _run_device(device, plan, results, output, told)
        except DeviceError as error:
            reason = str(error)
        if reason is not None:
            unusable.append(Unusable(name, reason))
    return results, tuple(unusable)


def exit_code(records: Sequence[Record], unusable: Sequence[Unusable]) -> int:
    """0 pass; 1 the INT8 bits differ from this host's; 2 a case failed or a device did; 3 inconclusive."""
    if unusable or any(record.status == "failed" for record in records):
        return 2
    if any(_bits_differ(record) for record in records):
        return 1
    return 3 if any(record.status == "inconclusive" for record in records) else 0


def _run_device(device: Device, plan: Plan, results: Results, output: Path, told: Told) -> tuple[Results, str | None]:
    """Returns the results, and why the device was given up, if it was."""
    for subject in plan.subjects:
        for setup in plan.setups:
            done = results.find(case_id(subject, setup, device.describe()))
            if done is not None and done.status == "measured":
                told(done, True)
                continue
            record = measure(device, subject, setup, plan.options)
            results = results.with_record(record)
            write_results(results, output)
            told(record, False)
            if record.failure is not None and record.failure.kind == DeviceLostError.__name__:
                return results, record.failure.message
    return results, None


def _bits_differ(record: Record) -> bool:
    """Whether an integer output isn't this host's; floats may differ in the last bits between processors."""
    found = record.measurement or record.cost
    checks = found.checks if found is not None else ()
    return any(not check.bit_equal and not check.dtype.startswith("float") for check in checks)
