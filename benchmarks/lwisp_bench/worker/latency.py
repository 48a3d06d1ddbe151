"""Latency: phases timed apart, a warm-up that ends when runs settle, steady runs with every sample kept."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lwisp_bench.worker.job import Job, Limits, Phases, Samples, TracePoint, WorkerResult
from lwisp_bench.worker.loaded_model import NO_PROFILE, Arrays, LoadedModel, engine_class, read_image, runtime_facts
from lwisp_bench.worker.machine import memory_use, pin, resident_bytes, trace_point
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.xnnpack_coverage import delegate_coverage
from lwisp_mobile.errors import LwispError


def measure_latency(job: Job) -> WorkerResult:
    """Time every phase of a job and write the outputs of every image. Raises what the engine raises."""
    cpus = pin(job.cpus)
    images = [read_image(Path(path)) for path in job.inputs]
    facts = runtime_facts(engine_class()[0])
    before_load = resident_bytes()
    model, phases = _prepare(job, images[0])
    samples, trace = _steady(model, images[0], job.limits)
    _write_outputs(model, images, Path(job.outputs))
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


def is_settled(samples_ms: Sequence[float], limits: Limits) -> bool:
    """Whether the last min_warm_up runs vary by less than settled_cv (standard deviation over mean)."""
    last = samples_ms[-limits.min_warm_up :]
    if limits.min_warm_up < 2 or len(last) < limits.min_warm_up:
        return False
    return statistics.stdev(last) < limits.settled_cv * statistics.fmean(last)


def enough(runs: int, elapsed_s: float, limits: Limits) -> bool:
    """Whether the steady runs may end: never before the first, unless none is asked for."""
    if limits.rule == "both":
        return runs >= limits.min_runs and elapsed_s >= limits.min_s
    return runs >= limits.min_runs or (runs >= 1 and 0 < limits.min_s <= elapsed_s)


def _prepare(job: Job, image: Arrays) -> tuple[LoadedModel, Phases]:
    start = time.perf_counter()
    model = LoadedModel(Path(job.model).read_bytes(), job.threads, quantise=job.quantise)
    loaded = time.perf_counter()
    model.allocate(image)
    allocated = time.perf_counter()
    model.set_inputs(image)
    first_ms = model.timed_invoke()
    warm_up, settled = _warm_up(model, job.limits)
    phases = Phases(
        load_ms=1e3 * (loaded - start),
        allocate_ms=1e3 * (allocated - loaded),
        prepare_ms=None,
        first_ms=first_ms,
        warm_up_ms=warm_up,
        settled=settled,
    )
    return model, phases


def _warm_up(model: LoadedModel, limits: Limits) -> tuple[tuple[float, ...], bool]:
    samples: list[float] = []
    begin = time.perf_counter()
    while len(samples) < limits.min_warm_up or time.perf_counter() - begin < limits.max_warm_up_s:
        samples.append(model.timed_invoke())
        if is_settled(samples, limits):
            return tuple(samples), True
    return tuple(samples), False


def _steady(model: LoadedModel, image: Arrays, limits: Limits) -> tuple[Samples, tuple[TracePoint, ...]]:
    runs: list[tuple[float, float, float, float]] = []
    trace: list[TracePoint] = []
    begin = time.perf_counter()
    while not enough(len(runs), time.perf_counter() - begin, limits):
        if not trace or time.perf_counter() - begin - trace[-1].at_s >= limits.trace_interval_s:
            trace.append(trace_point(time.perf_counter() - begin))
        runs.append(_timed_run(model, image, begin))
    if trace:
        trace.append(trace_point(time.perf_counter() - begin))
    wall_ms, input_ms, output_ms, start_s = zip(*runs) if runs else ((),) * 4
    return Samples(wall_ms, input_ms, output_ms, start_s), tuple(trace)


def _timed_run(model: LoadedModel, image: Arrays, begin: float) -> tuple[float, float, float, float]:
    """One run in the order of Samples' fields: wall_ms, input_ms, output_ms, start_s."""
    start = time.perf_counter()
    model.set_inputs(image)
    run = time.perf_counter()
    model.invoke()
    end = time.perf_counter()
    model.finish()
    return 1e3 * (end - run), 1e3 * (run - start), 1e3 * (time.perf_counter() - end), start - begin


def _write_outputs(model: LoadedModel, images: Sequence[Arrays], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        model.reset()  # so that a stateful model's outputs don't depend on how often it ran
        model.set_inputs(image)
        model.invoke()
        np.savez(folder / f"{index}.npz", *model.outputs())


def _coverage(job: Job, engine: str) -> tuple[Coverage | None, str | None]:
    if not job.coverage:
        return None, None
    if engine != "ai-edge-litert":
        return None, f"{engine} doesn't report it"
    try:
        return delegate_coverage(Path(job.model).read_bytes(), job.threads), None
    except LwispError as error:
        return None, str(error)
