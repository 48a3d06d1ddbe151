"""Running the worker on a device: push, run, pull, and the meaning of its exit status."""

import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.transport import Completed, last_line, quoted
from lwisp_bench.errors import DeviceError, DeviceFullError, MissingPythonError, MissingRuntimeError, WorkerError
from lwisp_bench.results.output_check import Arrays, read_outputs
from lwisp_bench.runners.wheels import bring_runtime
from lwisp_bench.runners.worker_zip import worker_zip
from lwisp_bench.suite.setups import Setup, choose_cpus
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.worker.job import (
    EXIT_FULL,
    EXIT_MODEL,
    EXIT_NO_RUNTIME,
    OUTPUTS_ONLY,
    Job,
    Limits,
    Order,
    WorkerResult,
)
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

SPARE_TIMEOUT_S = 300.0
"""For loading and single runs, over what the limits ask for."""
SLOWEST_RUN_S = 10.0
"""A model that takes longer isn't waited for."""
EXIT_NO_COMMAND = 127
EXIT_KILLED = 137


@dataclass(frozen=True)
class RunOptions:
    """What holds for every case of a run."""

    python: str | None = None
    """The Python of the devices; None: `python3`, and on this host the one that runs the harness."""
    bring_runtime: bool = False
    """Push PyPI's LiteRT and numpy for the devices' processor, and use those."""
    gate: GateLimits | None = field(default_factory=GateLimits)
    """None: measure whatever the conditions."""
    native: bytes | None = None
    """The user's benchmark_model, to run instead of the worker."""
    pictures: Path | None = None
    """Folder where pictures of the drift are kept; None: they aren't."""
    timeout_s: float | None = None
    """For one case's worker; None: what its mode may take at 10 s a run, and some minutes."""


@dataclass(frozen=True)
class Finished:
    """What a worker left."""

    result: WorkerResult
    outputs: tuple[Arrays, ...]
    """Per image."""


def run_worker(device: Device, subject: Subject, setup: Setup, options: RunOptions) -> Finished:
    """Push the worker, the model and its inputs; run; pull.

    Raises WorkerError if the model is refused, MissingPythonError, MissingRuntimeError, DeviceFullError, DeviceError.
    """
    model = device.push(subject.model)
    inputs = tuple(device.push(image.npz()) for image in subject.images)
    folder = device.work_folder()
    try:
        job = _job(device, subject, setup, (model, *inputs), f"{folder}/outputs")
        order, timeout_s = Order("measure", job=job), _timeout_s(setup.limits, options)
        done = carry_out(order, device, subject.name, options, folder=folder, timeout_s=timeout_s)
        result = from_dict(WorkerResult, json.loads(done), "result.json", WorkerError)
        pulled = (device.pull(f"{folder}/outputs/{index}.npz") for index in range(len(inputs)))
        return Finished(result, tuple(read_outputs(npz) for npz in pulled))
    finally:
        tidy(device, folder)


def carry_out(order: Order, device: Device, name: str, options: RunOptions, *, folder: str, timeout_s: float) -> bytes:
    """Run the worker on a device. name: of the model, for messages. folder: the device's, for this order alone.

    Returns the result's JSON; raises as `run_worker`.
    """
    worker, python = device.push(worker_zip()), options.python or default_python(device)
    variables = [f"PYTHONPATH={bring_runtime(device, python)}"] if options.bring_runtime else []
    device.put(to_json(order).encode(), f"{folder}/job.json")
    command = quoted("env", *variables, python, worker, f"{folder}/job.json", f"{folder}/result.json")
    noted = quoted("sh", "-c", f"echo $$ > {quoted(folder)}/pid; exec {command}")
    _check_worker(device.run(noted, timeout_s=timeout_s), device, name, python)
    return device.pull(f"{folder}/result.json")


def _job(device: Device, subject: Subject, setup: Setup, files: tuple[str, ...], outputs: str) -> Job:
    """files: the model's path on the device, then the images'."""
    return Job(
        model=files[0],
        inputs=files[1:],
        outputs=outputs,
        threads=setup.threads or 1,
        cpus=choose_cpus(setup.affinity, device.describe()),
        quantise=subject.contract is not None,
        coverage=setup.limits.min_runs > 0,
        limits=setup.limits,
    )


def default_python(device: Device) -> str:
    """The Python to run the worker with where the user names none."""
    return sys.executable if device.name == "local" else "python3"


def host_outputs(subject: Subject, model: bytes) -> tuple[Arrays, ...]:
    """What this host computes for a subject's images by a model; in a process of its own, which a bad model may end."""
    reference = Subject(subject.name, model, subject.contract, None, subject.images)
    with Device(LocalTransport()) as host:
        return run_worker(host, reference, Setup(limits=OUTPUTS_ONLY), RunOptions()).outputs


def _check_worker(done: Completed, device: Device, name: str, python: str) -> None:
    """Raise what the worker's exit status means."""
    reason = last_line(done.stderr)
    if done.status == 0:
        return
    if done.status == EXIT_NO_COMMAND:
        raise MissingPythonError(
            f"{device.name} has no {python}. Install Python 3.11 or newer there and name it with --python. "
            "Android itself has none: there, give --native, or measure with the demo app."
        )
    if done.status == EXIT_NO_RUNTIME:
        raise MissingRuntimeError(
            f"{device.name}: {reason}. Run there: {python} -m pip install ai-edge-litert; or here with --bring-runtime."
        )
    if done.status == EXIT_FULL:
        raise DeviceFullError(f"{device.name} has no room for the outputs ({reason}). Free some and run again.")
    if done.status == EXIT_MODEL:
        raise WorkerError(f"LiteRT on {device.name} doesn't run {name} ({reason}). Check model and shapes.")
    if done.status == EXIT_KILLED:
        raise WorkerError(f"{device.name} killed the worker while it ran {name}: out of memory, most often.")
    raise WorkerError(f"The worker failed on {device.name} with status {done.status} ({reason}).")


def tidy(device: Device, folder: str) -> None:
    """End a worker that still runs, and remove its folder; a device that is gone keeps both."""
    with contextlib.suppress(DeviceError):  # the error that is under way tells more
        device.run(f"kill $(cat {quoted(folder)}/pid) 2>/dev/null; {quoted('rm', '-rf', folder)}")


def _timeout_s(limits: Limits, options: RunOptions) -> float:
    if options.timeout_s is not None:
        return options.timeout_s
    runs_s = SLOWEST_RUN_S * limits.min_runs if limits.rule == "both" else 0.0
    return SPARE_TIMEOUT_S + limits.max_warm_up_s + limits.min_s + runs_s
