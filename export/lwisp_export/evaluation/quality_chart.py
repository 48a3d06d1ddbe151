"""The chart of quality against multiply-adds: one panel for each ISO, as an SVG that follows light and dark."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from lwisp_export.evaluation.quality_cost import CHART_ISOS, PYNET_MACS_PER_PX, QualityCost

PANEL_WIDTH, PANEL_HEIGHT = 430, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 34, 44
_TOP_PX = 40
_LABEL_PX = 14
_STYLE = """
svg { background: #fff; color: #1b1f24; font: 12px system-ui, sans-serif }
text { fill: currentColor; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.title { font-size: 15px; font-weight: 600 } .muted { fill: #57606a }
.axis { stroke: #57606a; fill: none } .grid { stroke: #d8dee4; fill: none }
.level { stroke: #9a6700; stroke-dasharray: 6 4 } .level-text { fill: #9a6700 }
.cost { stroke: #8250df; stroke-dasharray: 2 4 } .cost-text { fill: #8250df }
.dot { fill: #0969da; stroke: #0969da; stroke-width: 2 } .hollow { fill: #fff }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; color: #e6edf3 } text { stroke: #0d1117 }
  .muted { fill: #9198a1 } .axis { stroke: #9198a1 } .grid { stroke: #2b313a }
  .level { stroke: #d29922 } .level-text { fill: #d29922 }
  .cost { stroke: #bc8cff } .cost-text { fill: #bc8cff }
  .dot { fill: #58a6ff; stroke: #58a6ff } .hollow { fill: #0d1117 }
}
"""


def draw_chart(methods: Sequence[QualityCost], subtitle: str) -> str:
    """Two rows of two panels. Filled dots: float; hollow ones: INT8; dashed levels: methods without a network.

    Of PyNET only the multiply-adds are marked: it renders another camera's look, so its PSNR wouldn't compare.
    """
    costs = [method.macs_per_px for method in methods if method.macs_per_px is not None]
    decades = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(*costs, PYNET_MACS_PER_PX)))
    panels = [
        f'<g transform="translate({place % 2 * PANEL_WIDTH} {_TOP_PX + place // 2 * PANEL_HEIGHT})">'
        f"{_panel(methods, iso, decades)}</g>"
        for place, iso in enumerate(CHART_ISOS)
    ]
    width, height = 2 * PANEL_WIDTH, _TOP_PX + 2 * PANEL_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>Quality against multiply-adds</title><style>{_STYLE}</style>'
        f'<text class="muted" x="{_LEFT}" y="24">{escape(subtitle)}</text>{"".join(panels)}</svg>\n'
    )


def _panel(methods: Sequence[QualityCost], iso: int, decades: tuple[int, int]) -> str:
    values = [method.psnr_db(iso) for method in methods]
    low, high = math.floor(min(values) - 0.5), math.ceil(max(values) + 0.5)

    def across(macs: float) -> float:
        share = (math.log10(macs) - decades[0]) / (decades[1] - decades[0])
        return _LEFT + share * (PANEL_WIDTH - _LEFT - _RIGHT)

    def down(psnr_db: float) -> float:
        return PANEL_HEIGHT - _BOTTOM - (psnr_db - low) / (high - low) * (PANEL_HEIGHT - _TOP - _BOTTOM)

    levels = [(down(m.psnr_db(iso)), m.scores.method, m.psnr_db(iso)) for m in methods if m.macs_per_px is None]
    dots = [(across(m.macs_per_px), down(m.psnr_db(iso)), m.scores.method) for m in methods if m.macs_per_px]
    pynet = across(PYNET_MACS_PER_PX)
    return "".join(
        [
            f'<text class="title" x="{_LEFT}" y="18">ISO {iso}</text>',
            *_grid(low, high, decades, across, down),
            f'<path class="cost" d="M{pynet:.1f} {_TOP}V{PANEL_HEIGHT - _BOTTOM}"/>',
            f'<text class="cost-text" x="{pynet + 5:.1f}" y="{_TOP + _LABEL_PX}">PyNET</text>',
            *_levels(levels),
            *_dots(dots),
        ]
    )


def _grid(
    low: int, high: int, decades: tuple[int, int], across: Callable[[float], float], down: Callable[[float], float]
) -> Iterator[str]:
    right, bottom = PANEL_WIDTH - _RIGHT, PANEL_HEIGHT - _BOTTOM
    for value in range(low, high + 1, max(1, math.ceil((high - low) / 8))):
        y = down(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
    for power in range(decades[0], decades[1] + 1):
        x = across(10**power)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{_si(10**power)}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
    yield f'<text class="muted" x="{_LEFT}" y="{_TOP - 4}">PSNR, dB</text>'
    yield f'<text class="muted" x="{right}" y="{bottom + 34}" text-anchor="end">multiply-adds per pixel</text>'


def _levels(levels: Sequence[tuple[float, str, float]]) -> Iterator[str]:
    """Dashed lines with their names at the right, moved apart where they'd overlap."""
    right, lowest = PANEL_WIDTH - _RIGHT, -math.inf
    for y, name, psnr_db in sorted(levels):
        lowest = max(y - 4, lowest + _LABEL_PX)
        yield f'<path class="level" d="M{_LEFT} {y:.1f}H{right}"/>'
        label = f"{escape(name)} {psnr_db:.1f}"
        yield f'<text class="level-text" x="{right - 2}" y="{lowest:.1f}" text-anchor="end">{label}</text>'


def _dots(dots: Sequence[tuple[float, float, str]]) -> Iterator[str]:
    """A dot for each method; a model's precisions share a label, left of the upper dot."""
    labelled: dict[str, tuple[float, float]] = {}
    for x, y, name in dots:
        model, _, precision = name.rpartition(" ")
        kind = "dot hollow" if precision == "int8" else "dot"
        yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(name)}</title></circle>'
        shared = model if precision in ("int8", "fp16", "float32") else name.partition(",")[0]
        labelled[shared] = min(labelled.get(shared, (x, y)), (x, y), key=lambda at: at[1])
    for name, (x, y) in labelled.items():
        yield f'<text x="{x - 7:.1f}" y="{y - 6:.1f}" text-anchor="end">{escape(name)}</text>'


def _si(value: float) -> str:
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k"
