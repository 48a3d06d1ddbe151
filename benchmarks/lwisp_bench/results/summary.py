"""Samples in a few numbers, and a verdict on whether those can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_bench.devices.conditions import PI_NOW, PI_SINCE, Conditions
from lwisp_bench.errors import ResultsError
from lwisp_bench.worker.job import Samples, TracePoint, WorkerResult

MAX_RELATIVE_MAD = 0.05
MAX_DRIFT = 0.05
"""Between the medians of the first and the second half."""
MIN_RUNS = 10
THROTTLE_RATIO = 1.1
"""Limit of the last minute's median over the first's."""
CLOCK_DROP = 0.9
WINDOW_S = 60.0


@dataclass(frozen=True)
class Summary:
    """The steady runs, in milliseconds of the record's clock; null where a runner without samples doesn't report it."""

    runs: int
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mad_ms: float | None
    """Median absolute deviation."""
    min_ms: float
    mean_ms: float
    max_ms: float
    std_ms: float | None
    """Standard deviation; null for a single run."""


@dataclass(frozen=True)
class Minute:
    """The runs that began within one minute."""

    runs: int
    p50_ms: float
    p90_ms: float


@dataclass(frozen=True)
class Verdict:
    """Whether the numbers can be trusted, and the rule that decided it."""

    kind: Literal["stable", "noisy", "throttled", "unknown"]
    """`unknown`: the runner keeps no samples."""
    rule: str


def summarise(wall_ms: Sequence[float]) -> Summary:
    """Percentiles and moments of at least one sample."""
    samples = np.array(wall_ms)
    p50, p90, p95, p99 = (float(value) for value in np.percentile(samples, (50, 90, 95, 99)))
    return Summary(
        runs=len(samples),
        p50_ms=p50,
        p90_ms=p90,
        p95_ms=p95,
        p99_ms=p99,
        mad_ms=mad(samples),
        min_ms=float(samples.min()),
        mean_ms=float(samples.mean()),
        max_ms=float(samples.max()),
        std_ms=float(samples.std(ddof=1)) if len(samples) > 1 else None,
    )


def median_ms(summary: Summary) -> float:
    """The median. Raises ResultsError where the runner doesn't report one."""
    if summary.p50_ms is None:
        raise ResultsError("A run without a median can't be compared; measure without --native.")
    return summary.p50_ms


def mad(samples: NDArray[np.float64]) -> float:
    """Median absolute deviation."""
    return float(np.median(np.abs(samples - np.median(samples))))


def per_minute(samples: Samples, window_s: float = WINDOW_S) -> tuple[Minute, ...]:
    """p50 and p90 of every full minute; empty under two minutes, and where the starts of the runs aren't known."""
    starts, walls = np.array(samples.start_s), np.array(samples.wall_ms)
    full = int((starts[-1] + walls[-1] / 1e3) // window_s) if len(starts) else 0
    windows = [walls[(starts >= i * window_s) & (starts < (i + 1) * window_s)] for i in range(full)]
    if full < 2 or any(len(window) == 0 for window in windows):
        return ()
    return tuple(Minute(len(w), float(np.median(w)), float(np.percentile(w, 90))) for w in windows)


def judge_stability(result: WorkerResult, before: Conditions, after: Conditions, minutes: Sequence[Minute]) -> Verdict:
    """The verdict, by the first rule that applies."""
    throttled = _throttling(result.trace, before, after, minutes)
    if throttled is not None:
        return Verdict("throttled", throttled)
    if not result.samples.wall_ms:
        return Verdict("unknown", f"{result.runtime.engine} keeps no samples")
    noisy = _noise(result)
    return Verdict("stable", "no sign of noise or throttling") if noisy is None else Verdict("noisy", noisy)


def _throttling(
    trace: Sequence[TracePoint], before: Conditions, after: Conditions, minutes: Sequence[Minute]
) -> str | None:
    caps = [clock.cap_khz for clock in before.clocks if clock.cap_khz is not None]
    lowest = min((min(point.cap_khz) for point in trace if point.cap_khz), default=None)
    appeared = (after.pi_throttled or 0) & ~(before.pi_throttled or 0)
    raised = [name for bit, name in PI_NOW.items() if (appeared >> bit | appeared >> bit + PI_SINCE) & 1]
    if raised:
        return f"the Raspberry Pi's firmware reported {', '.join(raised)}"
    if after.thermal_status:
        return f"thermal status rose to {after.thermal_status}"
    if caps and lowest is not None and lowest < min(caps):
        return f"the system capped a CPU at {lowest} kHz, down from {min(caps)}"
    clocks = [max(point.current_khz) for point in trace if point.current_khz]
    early, late = _ends(clocks)
    if late < CLOCK_DROP * early:
        return f"the fastest CPU's clock fell from {early:.0f} to {late:.0f} kHz"
    if len(minutes) >= 2 and minutes[-1].p50_ms > THROTTLE_RATIO * minutes[0].p50_ms:
        return f"the last minute's median is {minutes[-1].p50_ms / minutes[0].p50_ms:.2f} times the first's"
    return None


def _noise(result: WorkerResult) -> str | None:
    walls = np.array(result.samples.wall_ms)
    if len(walls) < MIN_RUNS:
        return f"{len(walls)} runs, under {MIN_RUNS}"
    if result.phases.settled is False:
        return f"the warm-up didn't settle within {len(result.phases.warm_up_ms)} runs"
    relative_mad = mad(walls) / float(np.median(walls))
    if relative_mad > MAX_RELATIVE_MAD:
        return f"the median absolute deviation is {100 * relative_mad:.1f} % of the median"
    first, second = (float(np.median(half)) for half in np.array_split(walls, 2))
    if abs(second - first) > MAX_DRIFT * first:
        return f"the second half's median is {second / first:.2f} times the first half's"
    return None


def _ends(values: Sequence[int]) -> tuple[float, float]:
    """Medians of the first and the last quarter; zeros for fewer than four values."""
    if len(values) < 4:
        return 0.0, 0.0
    quarter = max(1, len(values) // 4)
    return float(np.median(values[:quarter])), float(np.median(values[-quarter:]))
