"""What the worker is asked and what it answers; both cross the wire as JSON."""

from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.coverage import Coverage

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
    """What ran the model."""

    engine: str
    version: str
    python: str
    numpy: str


@dataclass(frozen=True)
class Phases:
    """What happens once, before the steady runs, in milliseconds of wall clock."""

    load_ms: float
    """Reading the file and parsing it."""
    allocate_ms: float
    """Applying the delegate, preparing kernels, taking memory."""
    first_ms: float
    """The first inference."""
    warm_up_ms: tuple[float, ...]
    settled: bool
    """The last min_warm_up runs varied by less than settled_cv."""


@dataclass(frozen=True)
class Samples:
    """Every steady run, in order; the four lists are equally long."""

    wall_ms: tuple[float, ...]
    """Inference alone, by the wall clock."""
    input_ms: tuple[float, ...]
    """Before it: quantising where the job asks for it, and copying in."""
    output_ms: tuple[float, ...]
    """After it: copying out, and dequantising."""
    start_s: tuple[float, ...]
    """When each run began, since the first."""


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
    """What the worker found out."""

    runtime: RuntimeFacts
    phases: Phases
    samples: Samples
    memory: MemoryUse
    trace: tuple[TracePoint, ...]
    cpus: tuple[int, ...] | None
    """CPUs the worker was allowed on; null where the system doesn't tell."""
    coverage: Coverage | None
    """Null where it wasn't asked for or can't be told."""
    coverage_error: str | None
    """Why it can't be told."""
