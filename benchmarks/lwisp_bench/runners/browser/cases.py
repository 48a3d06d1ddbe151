"""What a browser is given to measure, and how what it posts becomes a record."""

import json
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.static_model import cut_to_one_size
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.conditions import read_conditions
from lwisp_bench.devices.description import DeviceDescription, fingerprint
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Failure, Record, Status, case_id, subject_facts
from lwisp_bench.results.summary import summarise
from lwisp_bench.runners.browser.packages import VERSION
from lwisp_bench.runners.device_runner import DeviceRun, measurement_of
from lwisp_bench.runners.native.benchmark_model import input_bytes
from lwisp_bench.worker.job import MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.serialize.from_dict import from_dict

Backend = Literal["wasm", "webgpu"]
DELEGATES = {"wasm": "XNNPACK in WebAssembly", "webgpu": "WebGPU"}
NO_CONDITIONS = read_conditions("")
"""A browser reports neither temperatures nor clock frequencies."""


@dataclass(frozen=True)
class Case:
    """One model in one setup, as files that a page loads."""

    subject: Subject
    setup: Setup
    model: bytes
    inputs: tuple[bytes, ...]

    @property
    def backend(self) -> Backend:
        """What runs it."""
        return "webgpu" if self.setup.runner == "webgpu" else "wasm"


@dataclass(frozen=True)
class BrowserFacts:
    """What a browser says of itself; null where it doesn't."""

    client: str
    user_agent: str
    cpus: int | None
    gpu: str | None
    isolated: bool


@dataclass(frozen=True)
class Report:
    """What a page posts for one case; either the error or all the rest."""

    device: BrowserFacts
    hidden: bool
    """Whether the page was in the background when it finished."""
    error: str | None = None
    prepare_ms: float | None = None
    first_ms: float | None = None
    warm_up_ms: tuple[float, ...] = ()
    settled: bool | None = None
    samples_ms: tuple[float, ...] = ()
    start_s: tuple[float, ...] = ()


def make_case(subject: Subject, setup: Setup) -> Case:
    """Cut the model and quantise the inputs. Raises ModelError."""
    image = subject.images[0]
    model = cut_to_one_size(subject.model, [array.shape for array in image.arrays])
    return Case(subject, setup, model, tuple(input_bytes(subject, image)))


def read_post(data: bytes) -> tuple[Report, bytes]:
    """A page's report and the outputs behind it. Raises ResultsError if it isn't one."""
    try:
        (length,) = struct.unpack_from("<I", data)
        tree = json.loads(data[4 : 4 + length])
    except (struct.error, ValueError) as error:
        raise ResultsError(f"A browser posted what isn't a report ({error}).") from error
    report = from_dict(Report, tree, "a browser's report", ResultsError)
    if report.error is None and not report.samples_ms:
        raise ResultsError("A browser posted a report without samples.")
    return report, data[4 + length :]


def record_of(case: Case, report: Report, outputs: bytes) -> Record:
    """The record of a case. Raises WorkerError if the outputs aren't of the model's size."""
    device = describe(report.device)
    if report.error is not None:
        return failed_record(case, device, report.error)
    if report.hidden:
        return failed_record(case, device, "The page was in the background, which slows it down. Measure again.")
    run = DeviceRun(_result(report, case.backend), summarise(report.samples_ms), outputs)
    measurement = measurement_of(case.subject, run, NO_CONDITIONS, NO_CONDITIONS, None)
    took_s = sum((*report.warm_up_ms, *report.samples_ms)) / 1e3
    status: Status = "inconclusive" if measurement.verdict.kind == "throttled" else "measured"
    return replace(_record(case, device, None), status=status, took_s=took_s, measurement=measurement)


def failed_record(case: Case, device: DeviceDescription, message: str) -> Record:
    """The record of a case without numbers."""
    return _record(case, device, Failure("BrowserError", message))


def _record(case: Case, device: DeviceDescription, failure: Failure | None) -> Record:
    return Record(
        case_id=case_id(case.subject, case.setup, device),
        subject=subject_facts(case.subject),
        device=device,
        setup=case.setup,
        clock="wall",
        device_kind=device.kind,
        status="failed",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        took_s=0.0,
        gate=None,
        failure=failure,
        measurement=None,
    )


def _result(report: Report, backend: Backend) -> WorkerResult:
    return WorkerResult(
        runtime=RuntimeFacts("LiteRT.js", VERSION, None, None, DELEGATES[backend]),
        phases=Phases(None, None, report.prepare_ms, report.first_ms or 0.0, report.warm_up_ms, report.settled),
        # Copies in and out are part of a run here, so there are no samples of them.
        samples=Samples(report.samples_ms, (), (), report.start_s),
        memory=MemoryUse(None, None, None),
        trace=(),
        cpus=None,
        coverage=None,
        coverage_error="LiteRT.js doesn't report it",
        profile=None,
        profile_error="LiteRT.js has no profiler",
    )


def describe(facts: BrowserFacts) -> DeviceDescription:
    """A browser as a device."""
    return DeviceDescription(
        name=f"browser:{facts.client[:8]}",
        kind="browser",
        emulator=None,
        machine="wasm",
        system="browser",
        kernel="unknown",
        os=facts.user_agent,
        build=None,
        sdk=None,
        model=None,
        processor=facts.gpu,
        identity=fingerprint(facts.client),
        abi=None,
        cpu_count=facts.cpus,
        cpus=(),
        features=None,
        memory_bytes=None,
    )
