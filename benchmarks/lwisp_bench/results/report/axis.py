"""The shared axes of a section: each case's range of times, and of changes, in percent of the width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_bench.results.report.svg import number, ticks
from lwisp_bench.results.report.view import Against
from lwisp_bench.results.summary import Summary

MAX_LINEAR_RATIO = 30.0
"""Ratio of the slowest to the fastest case above which the axis is logarithmic."""


@dataclass(frozen=True)
class Range:
    """A case on the axis, in percent: (left, width) of bars, and a tick."""

    thin: tuple[float, float]
    """Minimum to p99, or to the maximum without percentiles."""
    thick: tuple[float, float] | None
    """p50 to p90."""
    tick: float
    """p50, or the mean without it."""


@dataclass(frozen=True)
class Axis:
    """A shared axis in milliseconds, from `low` to `high`."""

    low: float
    high: float
    logarithmic: bool

    def percent(self, value: float) -> float:
        """A value's position in percent of the width."""
        if self.logarithmic:
            return 100 * math.log(value / self.low) / math.log(self.high / self.low)
        return 100 * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Positions in percent, and their labels."""
        values = _decades(self.low, self.high) if self.logarithmic else ticks(self.low, self.high, 5)
        return [(self.percent(value), number(value)) for value in values]


@dataclass(frozen=True)
class Change:
    """A comparison's interval and ratio on the axis, in percent."""

    left: float
    width: float
    tick: float


@dataclass(frozen=True)
class Changes:
    """The axis of comparisons: no change at its centre, `width` percent slower at its right end."""

    width: int

    def place(self, found: Against) -> Change:
        """A comparison's position."""
        low, high, ratio = (self._percent(r) for r in (found.low, found.high, found.ratio))
        return Change(low, high - low, ratio)

    def _percent(self, ratio: float) -> float:
        return min(100.0, max(0.0, 50 + 50 * 100 * (ratio - 1) / self.width))


def changes_of(comparisons: Sequence[Against]) -> Changes:
    """The axis that includes all intervals, in steps of 10 %; beyond 200 %, they are drawn at its end."""
    widest = max((abs(100 * (ratio - 1)) for c in comparisons for ratio in (c.low, c.high)), default=0.0)
    return Changes(min(200, 10 * max(1, math.ceil(widest / 10))))


def axis_of(summaries: Sequence[Summary]) -> Axis:
    """The axis that includes all of them: from zero, or logarithmic if they are far apart."""
    tops = [_top(summary) for summary in summaries]
    low, high = min(summary.min_ms for summary in summaries), 1.03 * max(tops) or 1.0
    if low > 0 and max(tops) / min(tops) > MAX_LINEAR_RATIO:
        return Axis(low / 1.1, high, True)
    return Axis(0.0, high, False)


def range_of(summary: Summary, axis: Axis) -> Range:
    """A case's position on the axis."""
    left, right = axis.percent(max(summary.min_ms, axis.low)), axis.percent(_top(summary))
    middle = axis.percent(summary.mean_ms if summary.p50_ms is None else summary.p50_ms)
    thick = None if summary.p90_ms is None else (middle, axis.percent(summary.p90_ms) - middle)
    return Range((left, right - left), thick, middle)


def _top(summary: Summary) -> float:
    return summary.max_ms if summary.p99_ms is None else summary.p99_ms


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [10.0**power for power in powers if low <= 10.0**power <= high]
