"""Activation ranges by the extremes, by a percentile, or by the least squared error of int8."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_export.quantization.ranges import STEPS, Range, measure_ranges, run_all
from lwisp_mobile.tflite.graph import Graph

Estimator = Literal["minmax", "percentile", "mse"]

_BINS = 2048
_SHARES = np.linspace(0.2, 1.0, 41)
"""Parts of the whole range that `mse` tries."""


@dataclass(frozen=True)
class Histogram:
    """How often a tensor takes which values, over all tiles."""

    found: Range
    """From the smallest to the largest value; it includes 0."""
    counts: NDArray[np.int64]
    """In bins of equal width over the range."""

    @property
    def centers(self) -> NDArray[np.float64]:
        """The middle of each bin."""
        edges = np.linspace(self.found.low, self.found.high, len(self.counts) + 1)
        return np.asarray((edges[1:] + edges[:-1]) / 2)


def estimate_ranges(
    float_model: Graph, tiles: Sequence[np.ndarray], estimator: Estimator, percentile: float
) -> dict[str, Range]:
    """A range for every float tensor, by tensor name.

    float_model: a student's. tiles: each (h, w, planes) float32 in [0, 1]. percentile: of the values
    that "percentile" keeps, half of the rest falling off either end. Raises QuantizationError on other tiles.
    """
    extremes = measure_ranges(float_model, tiles)
    if estimator == "minmax":
        return extremes
    histograms = _count(float_model, tiles, extremes)
    if estimator == "percentile":
        return {name: percentile_range(histogram, percentile) for name, histogram in histograms.items()}
    return {name: least_error_range(histogram) for name, histogram in histograms.items()}


def percentile_range(histogram: Histogram, percentile: float) -> Range:
    """The part of the range that includes this percentage of the values; it includes 0."""
    total = histogram.counts.cumsum()
    outside = total[-1] * (1 - percentile / 100) / 2
    first, last = np.searchsorted(total, [outside, total[-1] - outside])
    edges = np.linspace(histogram.found.low, histogram.found.high, len(total) + 1)
    return Range(min(float(edges[first]), 0.0), max(float(edges[min(last, len(total) - 1) + 1]), 0.0))


def least_error_range(histogram: Histogram) -> Range:
    """The range, shrunk towards 0, whose int8 values have the least squared error: rounding against clipping."""
    found, values = histogram.found, histogram.centers
    errors = []
    for share in _SHARES:
        low, high = share * found.low, share * found.high
        clipped = ((values - np.clip(values, low, high)) ** 2 * histogram.counts).sum()
        errors.append(clipped + histogram.counts.sum() * ((high - low) / STEPS) ** 2 / 12)
    best = float(_SHARES[int(np.argmin(errors))])
    return Range(best * found.low, best * found.high)


def _count(float_model: Graph, tiles: Sequence[np.ndarray], extremes: Mapping[str, Range]) -> dict[str, Histogram]:
    counts = {name: np.zeros(_BINS, np.int64) for name in extremes}
    for name, values in run_all(float_model, tiles):
        low, high = extremes[name].low, extremes[name].high
        if high > low:
            counts[name] += np.histogram(values, _BINS, (low, high))[0]
        else:
            counts[name][0] += values.size
    return {name: Histogram(extremes[name], found) for name, found in counts.items()}
