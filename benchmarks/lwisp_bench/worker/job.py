"""The worker's requests and results; both cross the wire as JSON."""

from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.engine.coverage import Coverage

EXIT_NO_RUNTIME = 10
EXIT_MODEL = 11
EXIT_FULL = 12


@dataclass(frozen=True)
class Limits:
    """When warm-up and steady runs end."""

    min_runs: int
    min_s: float
    rule: Literal["both", "either"]
    """Whether the steady runs end once both minima are reached, or either of them."""
    min_warm_up: int = 5
    """Number of latest runs whose coefficient of variation decides whether latency has settled."""
    settled_cv: float = 0.05
    max_warm_up_s: float = 10.0
    trace_interval_s: float = 1.0
    """Between samples of clock frequencies and temperatures, which are read between runs."""


OUTPUTS_ONLY = Limits(min_runs=0, min_s=0, rule="either", min_warm_up=0, max_warm_up_s=0)
"""One run per image, untimed: all that a reference output needs."""
COUNTED = Limits(min_runs=3, min_s=0, rule="either", min_warm_up=2, max_warm_up_s=0)
"""Under the clock `insn`: inferences, and as many empty regions; odd, so that the median is one of them."""


@dataclass(frozen=True)
class Job:
    """One model in one setup."""

    model: str
    inputs: tuple[str, ...]
    """.npz files, one per image: the primary subgraph's inputs in order. The first is the one that is timed."""
    outputs: str
    """Folder for the outputs as the model returns them: 0.npz, 1.npz, …"""
    threads: int
    cpus: tuple[int, ...] | None
    """CPUs to pin the process to; None: left to the scheduler."""
    quantise: bool
    """Inputs are real values for an integer tensor: quantise them, and dequantise the outputs, in every run."""
    coverage: bool
    """Whether to count the delegated nodes."""
    limits: Limits


@dataclass(frozen=True)
class RuntimeFacts:
    """What ran the model; null where it doesn't apply or isn't reported."""

    engine: str
    version: str | None
    python: str | None
    numpy: str | None
    delegate: str | None
    """What was asked to run the operations, as the runner names it: XNNPACK, GPU, …"""


@dataclass(frozen=True)
class Phases:
    """One-time costs before the steady runs, in milliseconds of wall clock; null where not reported by the runner."""

    load_ms: float | None
    """Reading the file and parsing it."""
    allocate_ms: float | None
    """Applying the delegate, preparing kernels, allocating tensors."""
    prepare_ms: float | None
    """Both of these together, from a runner that doesn't separate them."""
    first_ms: float | None
    """The first inference."""
    warm_up_ms: tuple[float, ...]
    """Empty from a runner that keeps none."""
    settled: bool | None
    """The last min_warm_up runs varied by less than settled_cv."""


@dataclass(frozen=True)
class Samples:
    """Every steady run in order; the four lists have one length, or are empty where the runner keeps no samples."""

    wall_ms: tuple[float, ...]
    """Inference alone, by the wall clock."""
    input_ms: tuple[float, ...]
    """Before it: quantising where the job asks for it, and copying in."""
    output_ms: tuple[float, ...]
    """After it: copying out, and dequantising where the job asks for it."""
    start_s: tuple[float, ...]
    """Start of each run, relative to the first."""


@dataclass(frozen=True)
class OpTime:
    """One operation, or one partition of a delegate, in execution order."""

    kind: str
    """CONV_2D, TfLiteXNNPackDelegate, …"""
    name: str
    mean_ms: float
    """Over the profiled runs, profiling overhead included."""
    times_called: int
    """Per run."""


@dataclass(frozen=True)
class MemoryUse:
    """Resident memory of the worker; null where the system doesn't report it."""

    before_load_bytes: int | None
    """Python, numpy and the engine, before the model."""
    peak_bytes: int | None
    pss_bytes: int | None
    """Proportional set size at the end, as Android counts."""


@dataclass(frozen=True)
class TracePoint:
    """Clock frequencies and temperatures between two runs."""

    at_s: float
    """Since the first steady run."""
    current_khz: tuple[int, ...]
    """Per CPU that reports one, in CPU order."""
    cap_khz: tuple[int, ...]
    """Upper limit that the system currently sets, likewise."""
    celsius: tuple[float, ...]
    """Per readable thermal zone."""


@dataclass(frozen=True)
class WorkerResult:
    """What the worker, or another runner, measured."""

    runtime: RuntimeFacts
    phases: Phases
    samples: Samples
    memory: MemoryUse
    trace: tuple[TracePoint, ...]
    """Empty from a runner that records none."""
    cpus: tuple[int, ...] | None
    """CPUs the process was allowed to run on; null where the system doesn't report them."""
    coverage: Coverage | None
    """Null where not requested or not available."""
    coverage_error: str | None
    """Why it isn't available."""
    profile: tuple[OpTime, ...] | None
    profile_error: str | None
    """Why there is no profile."""


@dataclass(frozen=True)
class CountResult:
    """What the worker reports beside the emulator's counts."""

    runtime: RuntimeFacts
    coverage: Coverage


@dataclass(frozen=True)
class AbModel:
    """One side of an A/B measurement."""

    model: str
    input: str
    """.npz file: the primary subgraph's inputs in order."""
    quantise: bool
    """Inputs are real values for an integer tensor."""


@dataclass(frozen=True)
class AbJob:
    """Two models, interleaved in one process."""

    base: AbModel
    new: AbModel
    threads: int
    cpus: tuple[int, ...] | None
    """CPUs to pin the process to; None: left to the scheduler."""
    rounds: int
    slice_s: float
    """How long each model runs in each round."""


@dataclass(frozen=True)
class AbRound:
    """Every run of both models in one round: inference alone, by the wall clock."""

    base_ms: tuple[float, ...]
    new_ms: tuple[float, ...]


@dataclass(frozen=True)
class AbResult:
    """All rounds, in order."""

    runtime: RuntimeFacts
    cpus: tuple[int, ...] | None
    base_coverage: Coverage | None
    """Null where the runner doesn't report it."""
    new_coverage: Coverage | None
    rounds: tuple[AbRound, ...]


@dataclass(frozen=True)
class Request:
    """What the worker reads: one of the fields."""

    measure: Job | None = None
    """Answered by a WorkerResult."""
    count: Job | None = None
    """Answered by a CountResult."""
    ab: AbJob | None = None
    """Answered by an AbResult."""
