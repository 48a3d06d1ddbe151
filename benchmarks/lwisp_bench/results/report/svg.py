"""Elements of charts: a plot with two linear axes, as inline SVG in the page's colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 30

Span = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """A plot's axes, in the data's units."""

    x: Span
    y: Span
    x_label: str
    y_label: str
    """With its unit; above the axis."""
    whole_x: bool = False
    """Whether only whole numbers are marked on the x axis."""

    def at(self, x: float, y: float) -> Point:
        """A point of the data in picture coordinates."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def draw(self, title: str, *marks: str) -> Markup:
        """The picture: axes, then marks. title: for screen readers."""
        parts = [f"<title>{escape(title)}</title>", *self._grid(), *marks, self._labels()]
        return Markup(f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>')

    def _grid(self) -> list[str]:
        left, right, bottom = LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM
        lines = [f'<path class="axis" d="M{left} {bottom}H{right}"/>']
        for value in ticks(*self.y, 4):
            _, y = self.at(self.x[0], value)
            lines.append(f'<path class="grid-line" d="M{left} {y:.1f}H{right}"/>')
            lines.append(f'<text x="{left - 5}" y="{y + 3.5:.1f}" text-anchor="end">{number(value)}</text>')
        marked = [value for value in ticks(*self.x, 6) if not self.whole_x or value == round(value)]
        for value in marked:
            x, _ = self.at(value, self.y[0])
            lines.append(f'<text x="{x:.1f}" y="{bottom + 13}" text-anchor="middle">{number(value)}</text>')
        return lines

    def _labels(self) -> str:
        return (
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{escape(self.x_label)}</text>'
            f'<text x="2" y="{TOP - 3}">{escape(self.y_label)}</text>'
        )


def line(points: Sequence[Point], kind: str) -> str:
    """A line through points in picture coordinates. kind: its CSS class."""
    return f'<polyline class="line {kind}" points="{_text(points)}"/>'


def area(points: Sequence[Point], kind: str) -> str:
    """A filled polygon."""
    return f'<polygon class="area {kind}" points="{_text(points)}"/>'


def dots(points: Sequence[Point], kind: str, radius: float = 2.5) -> str:
    """A dot at every point."""
    return "".join(f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in points)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values within a span, about `about` of them."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def number(value: float) -> str:
    """A value to three digits, as short as possible."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def span(values: Sequence[float], from_zero: bool = False) -> Span:
    """The values' span, a little wider, and never empty."""
    low, high = min(values), max(values)
    low = 0.0 if from_zero else low
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if from_zero else low - room), high + room


def _text(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
