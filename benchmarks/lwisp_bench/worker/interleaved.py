"""Two models interleaved in one process: every round runs both, and which goes first alternates."""

import time
from pathlib import Path

from lwisp_bench.worker.job import AbJob, AbModel, AbResult, AbRound
from lwisp_bench.worker.loaded_model import LoadedModel, engine_class, read_image, runtime_facts
from lwisp_bench.worker.machine import pin


def measure_interleaved(job: AbJob) -> AbResult:
    """Warm both models up and run the rounds. Raises what the engine raises."""
    cpus = pin(job.cpus)
    base, new = (_prepare(side, job.threads) for side in (job.base, job.new))
    for model in (base, new):
        _time_slice(model, job.slice_s)
    rounds = tuple(_round(base, new, job.slice_s, new_first=number % 2 == 1) for number in range(job.rounds))
    return AbResult(runtime_facts(engine_class()[0]), cpus, base.coverage(), new.coverage(), rounds)


def _prepare(side: AbModel, threads: int) -> LoadedModel:
    model = LoadedModel(Path(side.model).read_bytes(), threads, quantise=side.quantise)
    image = read_image(Path(side.input))
    model.allocate(image)
    model.set_inputs(image)
    model.invoke()
    return model


def _round(base: LoadedModel, new: LoadedModel, slice_s: float, *, new_first: bool) -> AbRound:
    if new_first:
        after = _time_slice(new, slice_s)
        return AbRound(_time_slice(base, slice_s), after)
    return AbRound(_time_slice(base, slice_s), _time_slice(new, slice_s))


def _time_slice(model: LoadedModel, slice_s: float) -> tuple[float, ...]:
    """Run until the slice is over. At least two runs: the first, with the other model's data cached, is dropped."""
    model.invoke()
    begin = time.perf_counter()
    samples: list[float] = []
    while not samples or time.perf_counter() - begin < slice_s:
        samples.append(model.timed_invoke())
    return tuple(samples)
