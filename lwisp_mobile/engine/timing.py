"""Timing: sessions on this machine, one by itself or several in turns; every sample is kept."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lwisp_mobile.engine.session import Session
from lwisp_mobile.errors import UsageError

MIN_WARM_UP = 5


@dataclass(frozen=True)
class TimingSummary:
    """Percentiles of a series of runs, in milliseconds of wall clock."""

    runs: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    mad_ms: float
    """Median absolute deviation."""
    min_ms: float


@dataclass(frozen=True)
class Timing:
    """Raw samples in the order they were taken."""

    warm_up_ms: tuple[float, ...]
    samples_ms: tuple[float, ...]

    @property
    def summary(self) -> TimingSummary:
        """Percentiles of the steady samples."""
        samples = np.array(self.samples_ms)
        p50, p90, p99 = (float(value) for value in np.percentile(samples, (50, 90, 99)))
        mad = float(np.median(np.abs(samples - p50)))
        return TimingSummary(len(samples), p50, p90, p99, mad, float(samples.min()))


def time_runs(run: Callable[[], object], runs: int, warm_up: int = MIN_WARM_UP) -> Timing:
    """Call `run` warm_up times, then `runs` times, timing each. Raises UsageError if runs is under 1."""
    return time_in_turns([run], runs, warm_up)[0]


def time_in_turns(candidates: Sequence[Callable[[], object]], turns: int, warm_up: int = MIN_WARM_UP) -> list[Timing]:
    """Time each of several by turns, so that whatever else the machine does slows all of them.

    Warm-up is by turns, too. Raises UsageError if turns is under 1.
    """
    if turns < 1:
        raise UsageError(f"runs is {turns}; give 1 or more.")
    rounds = [[_time(run) for run in candidates] for _ in range(warm_up + turns)]
    return [Timing(samples[:warm_up], samples[warm_up:]) for samples in zip(*rounds)]


def time_session(session: Session, side_px: int, runs: int) -> Timing:
    """Time a session on a square of noise. side_px: packed side. Raises UsageError if the model can't take it."""
    return time_runs(on_noise(session, side_px), runs)


def on_noise(session: Session, side_px: int) -> Callable[[], object]:
    """One run of a session on a square of noise, to be timed. Raises UsageError if the model can't take it."""
    if side_px < 1:
        raise UsageError(f"The packed side is {side_px} px; give a multiple of {session.contract.input.size_multiple}.")
    shape = (side_px, side_px, len(session.contract.input.planes))
    packed = np.random.default_rng(0).random(shape, dtype=np.float32)
    return lambda: session.run(packed)


def _time(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)
