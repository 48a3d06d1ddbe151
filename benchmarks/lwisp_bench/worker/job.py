"""What the worker is asked and what it answers; both cross the wire as JSON."""

from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.engine.xnnpack_coverage import Coverage

EXIT_NO_RUNTIME = 10
EXIT_MODEL = 11
EXIT_FULL = 12


@dataclass(frozen=True)
class Limits:
    """When warming up and measuring end."""

    min_runs: int
    min_s: float
    rule: Literal["both", "either"]
    """Whether the steady runs go on until both minima are reached or until either is."""
    min_warm_up: int = 5
    """Runs whose coefficient of variation decides whether the model has settled."""
    settled_cv: float = 0.05
    max_warm_up_s: float = 10.0
    trace_interval_s: float = 1.0
    """Between readings of frequencies and temperatures, taken between runs."""


OUTPUTS_ONLY = Limits(min_runs=0, min_s=0, rule="either", min_warm_up=0, max_warm_up_s=0)
"""One run per image and no timing: what a reference needs."""
COUNTED = Limits(min_runs=3, min_s=0, rule="either", min_warm_up=2, max_warm_up_s=0)
"""Inferences of the clock `insn`, and as many empty regions; an odd number, so that one is in the middle."""


@dataclass(frozen=True)
class Job:
    """One model, one number of threads."""

    model: str
    inputs: tuple[str, ...]
    """.npz files, one per image: the primary subgraph's inputs in order. The first is run over and over."""
    outputs: str
    """Folder for the outputs: 0.npz, 1.npz, … as the model gives them."""
    threads: int
    cpus: tuple[int, ...] | None
    """CPUs to stay on; None: the system chooses."""
    quantise: bool
    """Inputs are real values for an integer tensor: quantise them, and dequantise what comes out, in every run."""
    coverage: bool
    """Count what the delegate took over."""
    limits: Limits


@dataclass(frozen=True)
class RuntimeFacts:
    """What ran the model; null for what the runner has no part of, or doesn't tell."""

    engine: str
    version: str | None
    python: str | None
    numpy: str | None
    delegate: str | None
    """What was meant to run the operations, as the runner names it: XNNPACK, GPU …"""


@dataclass(frozen=True)
class Phases:
    """What happens once, before the steady runs, in milliseconds of wall clock; null where the runner doesn't tell."""

    load_ms: float | None
    """Reading the file and parsing it."""
    allocate_ms: float | None
    """Applying the delegate, preparing kernels, taking memory."""
    prepare_ms: float | None
    """Both of these together, from a runner that doesn't tell them apart."""
    first_ms: float | None
    """The first inference."""
    warm_up_ms: tuple[float, ...]
    """Empty from a runner that keeps none."""
    settled: bool | None
    """The last min_warm_up runs varied by less than settled_cv."""


@dataclass(frozen=True)
class Samples:
    """Every steady run, in order; the four lists are equally long, but empty where the runner keeps none."""

    wall_ms: tuple[float, ...]
    """Inference alone, by the wall clock."""
    input_ms: tuple[float, ...]
    """Before it: quantising where the job asks for it, and copying in."""
    output_ms: tuple[float, ...]
    """After it: copying out, and dequantising."""
    start_s: tuple[float, ...]
    """When each run began, since the first."""


@dataclass(frozen=True)
class OpTime:
    """One operation, or one partition of a delegate, in the order of running."""

    kind: str
    """CONV_2D, TfLiteXNNPackDelegate …"""
    name: str
    mean_ms: float
    """Over the runs; profiling itself takes some of it."""
    times_called: int
    """In one run."""


@dataclass(frozen=True)
class MemoryUse:
    """Resident memory of the worker; null where the system doesn't tell."""

    before_load_bytes: int | None
    """Python, numpy and the engine, before the model."""
    peak_bytes: int | None
    pss_bytes: int | None
    """Proportional set size at the end, as Android counts."""


@dataclass(frozen=True)
class TracePoint:
    """Clocks and temperatures between two runs."""

    at_s: float
    """Since the first steady run."""
    current_khz: tuple[int, ...]
    """Per CPU that tells, in order of the CPUs."""
    cap_khz: tuple[int, ...]
    """What the system allows these CPUs now."""
    celsius: tuple[float, ...]
    """Per thermal zone that tells."""


@dataclass(frozen=True)
class WorkerResult:
    """What the worker, or another runner, found out."""

    runtime: RuntimeFacts
    phases: Phases
    samples: Samples
    memory: MemoryUse
    trace: tuple[TracePoint, ...]
    """Empty from a runner that takes none."""
    cpus: tuple[int, ...] | None
    """CPUs the worker was allowed on; null where the system doesn't tell."""
    coverage: Coverage | None
    """Null where it wasn't asked for or can't be told."""
    coverage_error: str | None
    """Why it can't be told."""
    profile: tuple[OpTime, ...] | None
    profile_error: str | None
    """Why there's no profile."""


@dataclass(frozen=True)
class CountResult:
    """What the worker tells beside the emulator's counts."""

    runtime: RuntimeFacts
    coverage: Coverage


@dataclass(frozen=True)
class Entrant:
    """One of two models that run in turns."""

    model: str
    input: str
    """.npz file: the primary subgraph's inputs in order."""
    quantise: bool
    """Inputs are real values for an integer tensor."""


@dataclass(frozen=True)
class DuelJob:
    """Two models, run in turns in one process."""

    base: Entrant
    new: Entrant
    threads: int
    cpus: tuple[int, ...] | None
    """CPUs to stay on; None: the system chooses."""
    rounds: int
    slice_s: float
    """How long each model runs in each round."""


@dataclass(frozen=True)
class DuelRound:
    """Inference alone, by the wall clock; every run of both models."""

    base_ms: tuple[float, ...]
    new_ms: tuple[float, ...]


@dataclass(frozen=True)
class DuelResult:
    """What the rounds brought."""

    runtime: RuntimeFacts
    cpus: tuple[int, ...] | None
    base_coverage: Coverage
    new_coverage: Coverage
    rounds: tuple[DuelRound, ...]


Task = Literal["measure", "count", "duel"]
"""What the worker is asked for: a WorkerResult and a CountResult for a Job, a DuelResult for a DuelJob."""


@dataclass(frozen=True)
class Order:
    """What the worker reads: a task, and its job in the field of that kind."""

    task: Task
    job: Job | None = None
    duel: DuelJob | None = None
