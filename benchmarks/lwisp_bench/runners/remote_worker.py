"""The worker on a device: pushed, run, its result pulled, its exit status turned into an error."""

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from lwisp_bench.cases.setup import Setup, choose_cpus
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.python_route import Runtime, choose_python
from lwisp_bench.devices.transport import Completed, last_line, quoted
from lwisp_bench.errors import DeviceError, DeviceFullError, MissingPythonError, MissingRuntimeError, WorkerError
from lwisp_bench.results.output_check import Arrays, read_outputs
from lwisp_bench.runners.worker_zip import worker_zip
from lwisp_bench.worker.job import (
    EXIT_FULL,
    EXIT_MODEL,
    EXIT_NO_RUNTIME,
    OUTPUTS_ONLY,
    Job,
    Limits,
    Request,
    WorkerResult,
)
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

T = TypeVar("T")

OVERHEAD_TIMEOUT_S = 300.0
"""For loading and single runs, beyond what the limits ask for."""
SLOWEST_RUN_S = 10.0
"""Models slower than this per run time out."""
EXIT_NO_COMMAND = 127
EXIT_KILLED = 137


@dataclass(frozen=True)
class WorkerOptions:
    """How the worker is run."""

    python: str | None = None
    """The devices' Python; None: `python3`, and on this host the one that runs the harness."""
    runtime: Runtime = "auto"
    """Whose Python and LiteRT run the worker where `python` isn't given."""
    timeout_s: float | None = None
    """For one case; None: what its mode may take at 10 s a run, and some minutes."""


@dataclass(frozen=True)
class WorkerRun:
    """A finished worker's result and outputs."""

    result: WorkerResult
    outputs: tuple[Arrays, ...]
    """Per image."""


def run_worker(device: Device, subject: Subject, setup: Setup, options: WorkerOptions) -> WorkerRun:
    """Push the worker, the model and its inputs; run; pull.

    Raises WorkerError if the model is refused, MissingPythonError, MissingRuntimeError, DeviceFullError, DeviceError.
    """
    model = device.push(subject.model)
    inputs = tuple(device.push(image.npz()) for image in subject.images)
    with work_folder(device) as folder:
        job = Job(
            model=model,
            inputs=inputs,
            outputs=f"{folder}/outputs",
            threads=setup.threads or 1,
            cpus=choose_cpus(setup.affinity, device.describe()),
            quantise=subject.contract is not None,
            coverage=setup.limits.min_runs > 0,
            limits=setup.limits,
        )
        call = WorkerCall(device, folder, subject.name, options, timeout_for(setup.limits))
        result = call.send(Request(measure=job), WorkerResult)
        pulled = (device.pull(f"{folder}/outputs/{index}.npz") for index in range(len(inputs)))
        return WorkerRun(result, tuple(read_outputs(npz) for npz in pulled))


@dataclass(frozen=True)
class WorkerCall:
    """One run of the worker in a work folder of a device."""

    device: Device
    folder: str
    model: str
    """Its name, for messages."""
    options: WorkerOptions
    timeout_s: float
    """Unless the options say otherwise."""

    def send(self, request: Request, answer: type[T]) -> T:
        """Push the worker and the request, and run. Returns the answer; raises as `run_worker`."""
        device = self.device
        python = choose_python(device, self.options.python, self.options.runtime)
        worker, files = device.push(worker_zip()), [f"{self.folder}/{name}.json" for name in ("request", "result")]
        device.put(to_json(request).encode(), files[0])
        done = run_in(device, self.folder, [python, worker, *files], self.options.timeout_s or self.timeout_s)
        _check_status(done, device, self.model, python)
        return from_dict(answer, json.loads(device.pull(files[1])), "result.json", WorkerError)


def host_outputs(subject: Subject, model: bytes) -> tuple[Arrays, ...]:
    """The outputs of a model on this host for a subject's images; from a separate process, which it may crash."""
    reference = Subject(subject.name, model, subject.contract, None, subject.images)
    with Device(LocalTransport()) as host:
        return run_worker(host, reference, Setup(limits=OUTPUTS_ONLY), WorkerOptions()).outputs


@contextmanager
def work_folder(device: Device) -> Iterator[str]:
    """A folder on the device; at the end, the program started in it is killed and the folder removed."""
    folder = device.work_folder()
    try:
        yield folder
    finally:
        with contextlib.suppress(DeviceError):  # the device is gone: an error that says so is already under way
            device.run(f"kill $(cat {quoted(folder)}/pid) 2>/dev/null; {quoted('rm', '-rf', folder)}")


def run_in(device: Device, folder: str, command: list[str], timeout_s: float) -> Completed:
    """Run a program whose process id is kept in a work folder, so that it can be killed after a timeout."""
    program = f"echo $$ > {quoted(folder)}/pid; exec {quoted(*command)}"
    return device.run(quoted("sh", "-c", program), timeout_s=timeout_s)


def timeout_for(limits: Limits) -> float:
    """The longest time that one case may take."""
    runs_s = SLOWEST_RUN_S * limits.min_runs if limits.rule == "both" else 0.0
    return OVERHEAD_TIMEOUT_S + limits.max_warm_up_s + limits.min_s + runs_s


def _check_status(done: Completed, device: Device, name: str, python: str) -> None:
    """Raise the error that the worker's exit status stands for."""
    reason = last_line(done.stderr)
    if done.status == 0:
        return
    if done.status == EXIT_NO_COMMAND:
        raise MissingPythonError(
            f"{device.name} has no {python}. Install Python 3.11 or newer there and name it with --python, or on arm64 "
            "let the harness bring one: --runtime brought."
        )
    if done.status == EXIT_NO_RUNTIME:
        raise MissingRuntimeError(
            f"{device.name}: {reason}. Run there: {python} -m venv lwisp && lwisp/bin/pip install ai-edge-litert, and "
            "name lwisp/bin/python with --python; or on arm64 leave that to --runtime brought."
        )
    if done.status == EXIT_FULL:
        raise DeviceFullError(f"{device.name} has no room for the outputs ({reason}). Free some and run again.")
    if done.status == EXIT_MODEL:
        raise WorkerError(f"LiteRT on {device.name} doesn't run {name} ({reason}). Check model and shapes.")
    if done.status == EXIT_KILLED:
        raise WorkerError(f"The worker was killed on {device.name} while running {name}, probably out of memory.")
    raise WorkerError(f"The worker failed on {device.name} with status {done.status} ({reason}).")
