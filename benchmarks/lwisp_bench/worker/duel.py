"""Two models in one process, in turns: every round runs both, and the one that begins changes."""

import time
from pathlib import Path

from lwisp_bench.worker.engine import Engine, engine_class, runtime_facts
from lwisp_bench.worker.job import DuelJob, DuelResult, DuelRound, Entrant
from lwisp_bench.worker.machine import pin
from lwisp_bench.worker.measure import read_image


def duel(job: DuelJob) -> DuelResult:
    """Warm both up and run the rounds. Raises what the engine raises."""
    cpus = pin(job.cpus)
    base, new = (_ready(entrant, job.threads) for entrant in (job.base, job.new))
    for engine in (base, new):
        _timed(engine, job.slice_s)
    rounds = tuple(_round(base, new, job.slice_s, new_first=number % 2 == 1) for number in range(job.rounds))
    return DuelResult(runtime_facts(engine_class()[0]), cpus, base.coverage(), new.coverage(), rounds)


def _ready(entrant: Entrant, threads: int) -> Engine:
    engine = Engine(Path(entrant.model).read_bytes(), threads, quantise=entrant.quantise)
    image = read_image(Path(entrant.input))
    engine.allocate(image)
    engine.set_inputs(image)
    engine.invoke()
    return engine


def _round(base: Engine, new: Engine, slice_s: float, *, new_first: bool) -> DuelRound:
    if new_first:
        after = _timed(new, slice_s)
        return DuelRound(_timed(base, slice_s), after)
    return DuelRound(_timed(base, slice_s), _timed(new, slice_s))


def _timed(engine: Engine, slice_s: float) -> tuple[float, ...]:
    """Runs until the slice is over, at least two; the first, with the other model's data in the caches, isn't kept."""
    engine.invoke()
    begin = time.perf_counter()
    samples: list[float] = []
    while not samples or time.perf_counter() - begin < slice_s:
        start = time.perf_counter()
        engine.invoke()
        samples.append(1e3 * (time.perf_counter() - start))
    return tuple(samples)
