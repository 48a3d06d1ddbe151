"""The measurement: phases apart, a warm-up that ends when runs settle, steady runs with every sample kept."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lwisp_bench.worker.engine import NO_PROFILE, Arrays, Engine, engine_class, runtime_facts
from lwisp_bench.worker.job import Job, Limits, Phases, Samples, TracePoint, WorkerResult
from lwisp_bench.worker.machine import memory_use, pin, resident_bytes, trace_point
from lwisp_mobile.engine.xnnpack_coverage import Coverage, delegate_coverage
from lwisp_mobile.errors import LwispError


def measure(job: Job) -> WorkerResult:
    """Do a job: every phase timed apart; outputs of every image written. Raises what the engine raises."""
    cpus = pin(job.cpus)
    images = [read_image(Path(path)) for path in job.inputs]
    facts = runtime_facts(engine_class()[0])
    before_load = resident_bytes()
    engine, phases = _prepare(job, images[0])
    samples, trace = _steady(engine, images[0], job.limits)
    _write_outputs(engine, images, Path(job.outputs))
    memory = memory_use(before_load)
    coverage, coverage_error = _coverage(job, facts.engine)
    return WorkerResult(
        runtime=facts,
        phases=phases,
        samples=samples,
        memory=memory,
        trace=trace,
        cpus=cpus,
        coverage=coverage,
        coverage_error=coverage_error,
        profile=None,
        profile_error=NO_PROFILE,
    )


def settled(samples_ms: Sequence[float], limits: Limits) -> bool:
    """Whether the last min_warm_up runs vary by less than settled_cv (standard deviation over mean)."""
    last = samples_ms[-limits.min_warm_up :]
    if limits.min_warm_up < 2 or len(last) < limits.min_warm_up:
        return False
    return statistics.stdev(last) < limits.settled_cv * statistics.fmean(last)


def enough(runs: int, elapsed_s: float, limits: Limits) -> bool:
    """Whether the steady runs may end. Never before the first, unless none is asked for."""
    if limits.rule == "both":
        return runs >= limits.min_runs and elapsed_s >= limits.min_s
    return runs >= limits.min_runs or (runs >= 1 and 0 < limits.min_s <= elapsed_s)


def read_image(path: Path) -> Arrays:
    """The arrays of one image, in order."""
    with np.load(path) as archive:
        return [archive[f"arr_{index}"] for index in range(len(archive.files))]


def _prepare(job: Job, image: Arrays) -> tuple[Engine, Phases]:
    start = time.perf_counter()
    engine = Engine(Path(job.model).read_bytes(), job.threads, quantise=job.quantise)
    loaded = time.perf_counter()
    engine.allocate(image)
    allocated = time.perf_counter()
    engine.set_inputs(image)
    first = time.perf_counter()
    engine.invoke()
    done = time.perf_counter()
    warm_up, is_settled = _warm_up(engine, job.limits)
    phases = Phases(
        load_ms=1e3 * (loaded - start),
        allocate_ms=1e3 * (allocated - loaded),
        prepare_ms=None,
        first_ms=1e3 * (done - first),
        warm_up_ms=warm_up,
        settled=is_settled,
    )
    return engine, phases


def _warm_up(engine: Engine, limits: Limits) -> tuple[tuple[float, ...], bool]:
    samples: list[float] = []
    begin = time.perf_counter()
    while len(samples) < limits.min_warm_up or time.perf_counter() - begin < limits.max_warm_up_s:
        start = time.perf_counter()
        engine.invoke()
        samples.append(1e3 * (time.perf_counter() - start))
        if settled(samples, limits):
            return tuple(samples), True
    return tuple(samples), False


@dataclass
class _Log:
    """Samples while they are taken."""

    wall_ms: list[float] = field(default_factory=list)
    input_ms: list[float] = field(default_factory=list)
    output_ms: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)

    def add(self, begin: float, times: tuple[float, float, float, float]) -> None:
        """times: before the input, before the run, after it, after the output."""
        start, run, end, done = times
        self.input_ms.append(1e3 * (run - start))
        self.wall_ms.append(1e3 * (end - run))
        self.output_ms.append(1e3 * (done - end))
        self.start_s.append(start - begin)

    def samples(self) -> Samples:
        """Freeze."""
        return Samples(tuple(self.wall_ms), tuple(self.input_ms), tuple(self.output_ms), tuple(self.start_s))


def _steady(engine: Engine, image: Arrays, limits: Limits) -> tuple[Samples, tuple[TracePoint, ...]]:
    log = _Log()
    trace: list[TracePoint] = []
    begin = time.perf_counter()
    while not enough(len(log.wall_ms), time.perf_counter() - begin, limits):
        if not trace or time.perf_counter() - begin - trace[-1].at_s >= limits.trace_interval_s:
            trace.append(trace_point(time.perf_counter() - begin))
        log.add(begin, _timed_run(engine, image))
    if trace:
        trace.append(trace_point(time.perf_counter() - begin))
    return log.samples(), tuple(trace)


def _timed_run(engine: Engine, image: Arrays) -> tuple[float, float, float, float]:
    start = time.perf_counter()
    engine.set_inputs(image)
    run = time.perf_counter()
    engine.invoke()
    end = time.perf_counter()
    engine.finish()
    return start, run, end, time.perf_counter()


def _write_outputs(engine: Engine, images: Sequence[Arrays], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        engine.set_inputs(image)
        engine.invoke()
        np.savez(folder / f"{index}.npz", *engine.outputs())


def _coverage(job: Job, engine: str) -> tuple[Coverage | None, str | None]:
    if not job.coverage:
        return None, None
    if engine != "ai-edge-litert":
        return None, f"{engine} doesn't tell"
    try:
        return delegate_coverage(Path(job.model).read_bytes(), job.threads), None
    except LwispError as error:
        return None, str(error)
