"""Records: everything known about one case, every sample included; null for what isn't known."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription, DeviceKind
from lwisp_bench.devices.gate import GateResult
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.output_check import Drift, OutputCheck
from lwisp_bench.results.summary import Minute, Summary, Verdict
from lwisp_bench.worker.job import WorkerResult

Clock = Literal["wall", "insn"]
"""Wall time, or retired arm64 instructions."""
Status = Literal["measured", "inconclusive", "failed"]


@dataclass(frozen=True)
class InputFacts:
    """One input array."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class SubjectFacts:
    """The model, without its bytes."""

    name: str
    sha256: str
    bytes: int | None
    precision: str | None
    contract_version: int | None
    weights_sha256: str | None
    inputs: tuple[InputFacts, ...]
    images: tuple[str, ...]
    """Names of its inputs; the first is the one that was timed."""


@dataclass(frozen=True)
class Failure:
    """Why a case has no numbers."""

    kind: str
    """The error's class."""
    message: str


@dataclass(frozen=True)
class Measurement:
    """The result of a timed case. Times are of the record's clock; on an emulated device they are not latencies."""

    worker: WorkerResult
    before: Conditions
    after: Conditions
    summary: Summary
    minutes: tuple[Minute, ...]
    throttle_ratio: float | None
    """Last minute's median over the first's; null under two minutes."""
    verdict: Verdict
    checks: tuple[OutputCheck, ...]
    checks_error: str | None
    """Why there are none."""
    drifts: tuple[Drift, ...]
    """Empty for a third-party model, which has no float reference."""


@dataclass(frozen=True)
class Record:
    """One case."""

    case_id: str
    """Hash of model, inputs, setup and device; a case with a finished record isn't run again."""
    subject: SubjectFacts
    device: DeviceDescription
    setup: Setup
    clock: Clock
    device_kind: DeviceKind
    status: Status
    started: str
    """UTC, ISO 8601."""
    took_s: float
    gate: GateResult | None
    """Null if the gate was off, or the case failed before it."""
    failure: Failure | None
    measurement: Measurement | None
    """Null under the clock `insn`."""
    cost: InstructionCost | None = None
    """Under the clock `insn` only."""


def subject_facts(subject: Subject) -> SubjectFacts:
    """A subject as a record describes it."""
    contract = subject.contract
    return SubjectFacts(
        name=subject.name,
        sha256=subject.sha256,
        bytes=len(subject.model),
        precision=subject.precision,
        contract_version=None if contract is None else contract.contract_version,
        weights_sha256=None if contract is None else contract.weights_sha256,
        inputs=tuple(InputFacts(str(array.dtype), array.shape) for array in subject.images[0].arrays),
        images=tuple(image.name for image in subject.images),
    )


def case_id(subject: Subject, setup: Setup, device: DeviceDescription) -> str:
    """The hash that identifies a case."""
    inputs = [hashlib.sha256(image.npz()).hexdigest() for image in subject.images]
    place = [device.name, device.identity, device.build]
    text = json.dumps([subject.sha256, inputs, asdict(setup), place], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
