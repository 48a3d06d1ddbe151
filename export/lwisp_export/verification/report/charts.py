"""Charts for inline SVG: a bar per layer, a point per candidate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_export.drift.layer_noise import LayerNoise
from lwisp_export.quantization.search import QuantizationReport

WIDTH, HEIGHT = 1100, 260
LEFT, BOTTOM, TOP = 44, 24, 14
GRID_DB = 10


@dataclass(frozen=True)
class Line:
    """A grid line across the chart, or up it, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Bar:
    """One layer."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    """Operator in lower case, a CSS class."""
    title: str


@dataclass(frozen=True)
class BarChart:
    """Layers in graph order from left to right, decibels upwards."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    omitted: int
    """Layers without a figure."""


@dataclass(frozen=True)
class Point:
    """One candidate of a budget search."""

    x: float
    y: float
    label: str
    is_on_front: bool
    is_chosen: bool


@dataclass(frozen=True)
class Scatter:
    """Latency to the right, decibels upwards."""

    points: tuple[Point, ...]
    across: tuple[Line, ...]
    up: tuple[Line, ...]
    float_at: float
    """Where the float model's latency is."""


def layer_chart(layers: Sequence[LayerNoise]) -> BarChart:
    """Signal to noise of every layer that has one."""
    known = [(layer, layer.sqnr_db) for layer in layers if layer.sqnr_db is not None]
    top = GRID_DB * math.ceil(max((db for _, db in known), default=GRID_DB) / GRID_DB)
    pitch = (WIDTH - LEFT) / max(1, len(known))
    bars = tuple(
        Bar(
            LEFT + i * pitch,
            _up(db, 0, top),
            0.8 * pitch,
            HEIGHT - BOTTOM - _up(db, 0, top),
            layer.operator.lower(),
            f"{layer.operator} {layer.tensor}: {db:.1f} dB",
        )
        for i, (layer, db) in enumerate(known)
    )
    lines = tuple(Line(_up(db, 0, top), f"{db} dB") for db in range(0, top + 1, GRID_DB))
    return BarChart(bars, lines, len(layers) - len(known))


def candidate_chart(report: QuantizationReport) -> Scatter:
    """Every candidate's median drift over its latency."""
    found = [
        (candidate, candidate.latency.summary.p50_ms, candidate.drift.median_psnr_db)
        for candidate in report.candidates
        if candidate.drift.median_psnr_db is not None
    ]
    float_ms = report.float_latency.summary.p50_ms
    slowest = 1.1 * max([float_ms, *(ms for _, ms, _ in found)])
    least, most = min(db for _, _, db in found) - 1, max(db for _, _, db in found) + 1
    points = tuple(
        Point(
            _right(ms, slowest),
            _up(db, least, most),
            candidate.recipe.name,
            candidate.on_pareto_front,
            candidate.recipe.name == report.chosen,
        )
        for candidate, ms, db in found
    )
    across = tuple(Line(_up(db, least, most), f"{db} dB") for db in range(math.ceil(least), math.floor(most) + 1))
    step = max(1, round(slowest / 8))
    up = tuple(Line(_right(ms, slowest), f"{ms} ms") for ms in range(0, math.floor(slowest) + 1, step))
    return Scatter(points, across, up, _right(float_ms, slowest))


def _up(value: float, least: float, most: float) -> float:
    return HEIGHT - BOTTOM - (value - least) / max(most - least, 1e-9) * (HEIGHT - BOTTOM - TOP)


def _right(value: float, most: float) -> float:
    return LEFT + value / most * (WIDTH - LEFT - 60)
