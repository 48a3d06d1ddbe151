"""The runner that drives the Android demo app: a foreground app's times, on its CPU, GPU or NPU.

A job goes in and its result comes out through the app's content provider, which adb's shell alone may use; `am start`
runs it. The app has its own bundle: it runs models of that alone.
"""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lwisp_bench.cases.setup import NativeTool, Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.transport import TRANSFER_TIMEOUT_S, last_line, quoted
from lwisp_bench.errors import DeviceError, WorkerError
from lwisp_bench.results.output_check import Arrays
from lwisp_bench.results.summary import summarise
from lwisp_bench.runners.device_runner import DeviceRun, DeviceRunner, RunOptions
from lwisp_bench.runners.remote_worker import timeout_for, work_folder
from lwisp_bench.worker.job import Limits, MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

Accelerator = Literal["cpu", "gpu", "npu"]

PACKAGE = "org.lwisp.demo"
_ACTIVITY = f"{PACKAGE}/.bench.BenchActivity"
_PROVIDER = f"content://{PACKAGE}.bench"
_FORMAT, _VERSION = "lwisp-app-job", 1
_POLL_S = 1.0
_NO_PROFILE = "the app has no profiler"


@dataclass(frozen=True)
class JobFile:
    """What the app reads (core/measure/BenchJob.kt)."""

    format: str
    format_version: int
    id: str
    model_sha256: str
    width_px: int
    height_px: int
    accelerator: Accelerator
    threads: int
    images: int
    limits: "JobLimits"


@dataclass(frozen=True)
class JobLimits:
    """Of `Limits`, what the app knows."""

    min_runs: int
    min_s: float
    rule: Literal["both", "either"]
    min_warm_up: int
    settled_cv: float
    max_warm_up_s: float


@dataclass(frozen=True)
class JobResult:
    """What the app writes (core/measure/BenchRun.kt). Times in milliseconds, starts in seconds."""

    format: str
    format_version: int
    id: str
    error: str | None
    """Why there is no result; the rest is missing then."""
    backend: str
    """What really ran, and why not what was asked for."""
    prepare_ms: float
    first_ms: float
    warm_up_ms: tuple[float, ...]
    settled: bool
    wall_ms: tuple[float, ...]
    input_ms: tuple[float, ...]
    output_ms: tuple[float, ...]
    start_s: tuple[float, ...]
    device: "DeviceFacts"
    pss_bytes: int
    thermal_before: str | None
    thermal_after: str | None


@dataclass(frozen=True)
class DeviceFacts:
    """What the phone reports about itself, as far as it's kept: the harness reads the rest by itself."""

    litert: str


def app_tool(apk: Path | None, accelerator: Accelerator) -> NativeTool:
    """What tells setups apart: the app's file and what it runs on. The hash is empty for an app that is installed."""
    digest = "" if apk is None else hashlib.sha256(_read(apk)).hexdigest()
    return NativeTool(digest, (f"accelerator={accelerator}",))


class AppRunner(DeviceRunner):
    """Runs cases in the app. Times are the model's alone; copying in and out is timed apart."""

    def __init__(
        self,
        device: Device,
        options: RunOptions,
        *,
        apk: Path | None,
        accelerator: Accelerator,
        poll_s: float = _POLL_S,
    ) -> None:
        """apk: is installed first; None: the app is installed. Raises DeviceError if it isn't, or can't be."""
        super().__init__(device, options)
        self._accelerator, self._poll_s = accelerator, poll_s
        if apk is not None:
            _install(device, apk)
        elif device.run(quoted("pm", "path", PACKAGE)).status != 0:
            raise DeviceError(f"{device.name} hasn't the app {PACKAGE}. Install it, or give its file: --app FILE.apk.")

    def run(self, subject: Subject, setup: Setup) -> DeviceRun:
        """Run one case. Raises UsageError for a model without a contract, WorkerError if the app refuses or dies."""
        contract = subject.contract
        if contract is None:
            raise UsageError(
                f"{subject.name} has no contract: the app runs models of bundles. Use --native for others."
            )
        with work_folder(self.device) as folder:
            call = _Call(self.device, folder, folder.rpartition("-")[2], self._poll_s)
            for index, image in enumerate(subject.images):
                call.write(f"input.{index}", quantize(image.arrays[0], contract.input_tensor).tobytes())
            call.write("job.json", to_json(self._job(call.id, subject, setup)).encode())
            result = call.result(timeout_for(setup.limits))
            outputs = tuple(
                _picture(call.read(f"output.{index}"), contract, image.arrays[0].shape)
                for index, image in enumerate(subject.images)
            )
            call.delete()
        return DeviceRun(_worker_result(result, self._accelerator), summarise(result.wall_ms), outputs)

    def _job(self, job_id: str, subject: Subject, setup: Setup) -> JobFile:
        _, height, width, _ = subject.images[0].arrays[0].shape
        return JobFile(
            format=_FORMAT,
            format_version=_VERSION,
            id=job_id,
            model_sha256=subject.sha256,
            width_px=width,
            height_px=height,
            accelerator=self._accelerator,
            threads=setup.threads or 1,
            images=len(subject.images),
            limits=_limits(setup.limits),
        )


@dataclass(frozen=True)
class _Call:
    """One job in the app."""

    device: Device
    folder: str
    id: str
    poll_s: float

    def write(self, name: str, data: bytes) -> None:
        """Hand a file over to the app."""
        path = f"{self.folder}/{name}"
        self.device.put(data, path)
        self._run(f"content write --uri {self._uri(name)} < {quoted(path)}")

    def read(self, name: str) -> bytes:
        """Take a file from the app."""
        path = f"{self.folder}/{name}"
        self._run(f"content read --uri {self._uri(name)} > {quoted(path)}")
        return self.device.pull(path)

    def result(self, timeout_s: float) -> JobResult:
        """Start the job and wait for its result. Raises WorkerError with the app's reason."""
        self._run(f"am start -W -n {_ACTIVITY} --es job {self.id}")
        text = self._wait(time.monotonic() + timeout_s)
        result = _read_result(text, self.device.name)
        if (result.format, result.format_version, result.id) != (f"{_FORMAT}-result", _VERSION, self.id):
            raise WorkerError(
                f"The app on {self.device.name} answers {result.format} version {result.format_version} for the job "
                f"{result.id}; {_FORMAT}-result version {_VERSION} for {self.id} is needed. Update the app."
            )
        return result

    def delete(self) -> None:
        """Have the app forget the job."""
        self.device.run(f"content delete --uri {self._uri('job.json')}")

    def _wait(self, deadline: float) -> str:
        while time.monotonic() < deadline:
            # Whether it lives is asked first: a result that it wrote before it ended is still found.
            alive = self.device.run(f"pidof {PACKAGE}").status == 0
            done = self.device.run(f"content read --uri {self._uri('result.json')}")
            if done.status == 0 and done.stdout.lstrip().startswith("{"):
                return done.stdout
            if not alive:
                raise WorkerError(
                    f"The app on {self.device.name} ended without a result: it crashed, or the system needed its "
                    "memory. See adb logcat."
                )
            time.sleep(self.poll_s)
        raise WorkerError(f"The app on {self.device.name} gave no result in time. Is its screen on and unlocked?")

    def _uri(self, name: str) -> str:
        return f"{_PROVIDER}/{self.id}/{name}"

    def _run(self, command: str) -> None:
        done = self.device.run(command, timeout_s=TRANSFER_TIMEOUT_S)
        # am and content report what they refuse in words, some with status 0.
        if done.status != 0 or "Error" in done.stdout + done.stderr:
            raise DeviceError(
                f"{self.device.name}: {command.partition(' --')[0]}: {last_line(done.stderr or done.stdout)}"
            )


def _read_result(text: str, device: str) -> JobResult:
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise WorkerError(f"The result of the app on {device} isn't JSON ({error}). Update the app.") from error
    if tree.get("error") is not None:
        raise WorkerError(f"The app on {device} refuses the job: {tree['error']}")
    facts = {"litert": tree.get("device", {}).get("litert")}
    return from_dict(JobResult, {**tree, "device": facts}, "the app's result", WorkerError)


def _install(device: Device, apk: Path) -> None:
    path = device.push(_read(apk))
    done = device.run(quoted("pm", "install", "-r", "-t", path), timeout_s=TRANSFER_TIMEOUT_S)
    if done.status != 0 or "Success" not in done.stdout:
        raise DeviceError(f"{device.name} doesn't install {apk} ({last_line(done.stdout + done.stderr)}).")


def _read(apk: Path) -> bytes:
    try:
        return apk.read_bytes()
    except OSError as error:
        raise UsageError(f"{apk} can't be read ({error.strerror}).") from error


def _limits(limits: Limits) -> JobLimits:
    return JobLimits(
        min_runs=limits.min_runs,
        min_s=limits.min_s,
        rule=limits.rule,
        min_warm_up=limits.min_warm_up,
        settled_cv=limits.settled_cv,
        max_warm_up_s=limits.max_warm_up_s,
    )


def _picture(data: bytes, contract: ModelContract, shape: tuple[int, ...]) -> Arrays:
    """One image's output as the model returns it: (1, H, W, 3) of the output's type."""
    spec = contract.output_tensor
    height, width = (round(side * spec.resolution) for side in shape[1:3])
    dtype: Any = np.dtype(spec.dtype).newbyteorder("<")
    if len(data) != height * width * spec.channels * dtype.itemsize:
        raise WorkerError(f"The app's output has {len(data)} bytes, not those of {width}x{height} px. Update the app.")
    return (np.frombuffer(data, dtype).astype(spec.dtype).reshape(1, height, width, spec.channels),)


def _worker_result(result: JobResult, accelerator: Accelerator) -> WorkerResult:
    if not len(result.wall_ms) == len(result.input_ms) == len(result.output_ms) == len(result.start_s) > 0:
        raise WorkerError("The app's result has no samples, or lists of different lengths. Update the app.")
    wanted = accelerator.upper()
    if not result.backend.startswith(wanted):
        raise WorkerError(f"The app was asked for {wanted} and ran on {result.backend}: that isn't what is measured.")
    if "(no " in result.backend:
        raise WorkerError(f"The app ran on {result.backend}.")
    return WorkerResult(
        runtime=RuntimeFacts("ai-edge-litert (app)", result.device.litert, None, None, result.backend),
        phases=Phases(
            load_ms=None,
            allocate_ms=None,
            prepare_ms=result.prepare_ms,
            first_ms=result.first_ms,
            warm_up_ms=result.warm_up_ms,
            settled=result.settled,
        ),
        samples=Samples(result.wall_ms, result.input_ms, result.output_ms, result.start_s),
        memory=MemoryUse(before_load_bytes=None, peak_bytes=None, pss_bytes=result.pss_bytes),
        trace=(),
        cpus=None,
        coverage=None,
        coverage_error="LiteRT doesn't report it to apps",
        profile=None,
        profile_error=_NO_PROFILE,
    )
