"""Timing: one Session on this machine; every sample is kept."""

import time
from collections.abc import Callable
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
    if runs < 1:
        raise UsageError(f"runs is {runs}; give 1 or more.")
    return Timing(tuple(_time(run) for _ in range(warm_up)), tuple(_time(run) for _ in range(runs)))


def time_session(session: Session, side_px: int, runs: int) -> Timing:
    """Time a session on a square of noise. side_px: packed side. Raises UsageError if the model can't take it."""
    if side_px < 1:
        raise UsageError(f"The packed side is {side_px} px; give a multiple of {session.contract.input.size_multiple}.")
    shape = (side_px, side_px, len(session.contract.input.planes))
    packed = np.random.default_rng(0).random(shape, dtype=np.float32)
    return time_runs(lambda: session.run(packed), runs)


def _time(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)
