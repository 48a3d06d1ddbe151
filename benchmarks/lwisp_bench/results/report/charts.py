"""The report's charts: distribution and course of the runs, clock frequencies and temperatures meanwhile."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from lwisp_bench.results.report.svg import WIDTH, Plot, Point, area, dots, line, span
from lwisp_bench.results.summary import Minute
from lwisp_bench.worker.job import Samples, TracePoint

BINS = 40
LEFT_OUT = 0.005
"""Share of the slowest runs that a histogram leaves out; the page says how many those are."""
BUCKETS = 160
"""A series of more runs is drawn as median and range of this many groups."""

Floats = NDArray[np.float64]


def histogram(wall_ms: Sequence[float], unit: str) -> Markup:
    """Histogram of the runs, with lines at p50, p90 and p99."""
    samples = np.asarray(wall_ms, np.float64)
    shown = np.sort(samples)[: len(samples) - beyond(wall_ms)]
    counts, edges = np.histogram(shown, bins=min(BINS, max(5, len(shown) // 3)))
    plot = Plot(span([*edges]), (0.0, 1.1 * float(counts.max())), unit, "runs")
    steps: list[Point] = [plot.at(float(edges[0]), 0)]
    for count, left, right in zip(counts, edges, edges[1:]):
        steps += [plot.at(float(left), float(count)), plot.at(float(right), float(count))]
    steps.append(plot.at(float(edges[-1]), 0))
    marks = [_percentile(plot, samples, percent) for percent in (50, 90, 99)]
    return plot.draw(f"Histogram of {len(samples)} runs", area(steps, "one"), *marks)


def beyond(wall_ms: Sequence[float]) -> int:
    """Number of runs that a histogram leaves out; none below 200 runs."""
    return int(LEFT_OUT * len(wall_ms))


def series(samples: Samples, unit: str) -> Markup:
    """The runs in order, over time where known: median and range of each group of runs."""
    walls = np.asarray(samples.wall_ms, np.float64)
    places = np.asarray(samples.start_s or range(len(walls)), np.float64)
    plot = Plot(span([*places]), span([*walls]), "s" if samples.start_s else "run", unit)
    groups = [g for g in np.array_split(np.arange(len(walls)), min(BUCKETS, len(walls))) if len(g)]
    middle = [plot.at(float(np.median(places[g])), float(np.median(walls[g]))) for g in groups]
    low = [plot.at(float(np.median(places[g])), float(walls[g].min())) for g in groups]
    high = [plot.at(float(np.median(places[g])), float(walls[g].max())) for g in groups]
    return plot.draw("The runs in order", area([*low, *reversed(high)], "soft"), line(middle, "one"))


def sustained(minutes: Sequence[Minute], unit: str) -> Markup:
    """p50 and p90 of every minute, from zero."""
    values = [minute.p90_ms for minute in minutes]
    plot = Plot((0.5, len(minutes) + 0.5), span(values, from_zero=True), "minute", unit, whole_x=True)
    p50 = [plot.at(index + 1, minute.p50_ms) for index, minute in enumerate(minutes)]
    p90 = [plot.at(index + 1, minute.p90_ms) for index, minute in enumerate(minutes)]
    marks = [line(p90, "two"), dots(p90, "two"), line(p50, "one"), dots(p50, "one")]
    return plot.draw("p50 and p90 per minute", *marks)


def clocks(trace: Sequence[TracePoint]) -> Markup | None:
    """The fastest CPU's clock, and the lowest cap, over time; None without readings."""
    current = [(point.at_s, max(point.current_khz) / 1e6) for point in trace if point.current_khz]
    cap = [(point.at_s, min(point.cap_khz) / 1e6) for point in trace if point.cap_khz]
    return _lines([(current, "one"), (cap, "two")], "GHz", "CPU clock: fastest, and the lowest cap")


def temperatures(trace: Sequence[TracePoint]) -> Markup | None:
    """The hottest zone over time; None without readings."""
    hottest = [(point.at_s, max(point.celsius)) for point in trace if point.celsius]
    return _lines([(hottest, "three")], "°C", "Temperature of the hottest zone")


def _lines(lines: Sequence[tuple[list[Point], str]], unit: str, title: str) -> Markup | None:
    points = [point for those, _ in lines for point in those]
    if len(points) < 2:
        return None
    plot = Plot(span([x for x, _ in points]), span([0.0, *(y for _, y in points)], from_zero=True), "s", unit)
    return plot.draw(title, *(line([plot.at(*point) for point in those], kind) for those, kind in lines if those))


def _percentile(plot: Plot, samples: Floats, percent: int) -> str:
    value = float(np.percentile(samples, percent))
    if value > plot.x[1]:
        return ""
    x, bottom = plot.at(value, 0)
    _, top = plot.at(value, plot.y[1])
    beside = f'x="{x + 2:.1f}"' if x < WIDTH - 30 else f'x="{x - 2:.1f}" text-anchor="end"'
    return (
        f'<path class="mark" d="M{x:.1f} {bottom:.1f}V{top:.1f}"/>'
        f'<text class="mark-text" {beside} y="{top + 8:.1f}">p{percent}</text>'
    )
