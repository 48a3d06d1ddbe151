"""The report's page: view, charts and pictures rendered by a template."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.drift_pictures import SQUARE_PX, DriftPictures, read_picture
from lwisp_bench.results.output_check import Drift, worst
from lwisp_bench.results.report import charts, formatting
from lwisp_bench.results.report.axis import axis_of, changes_of, range_of
from lwisp_bench.results.report.view import Case, Section, Source, View, lay_out
from lwisp_mobile.errors import UsageError
from lwisp_mobile.output.comparison import AMPLIFICATION
from lwisp_mobile.serialize.files import atomic_write

MAX_PICTURES_BYTES = 12_000_000
"""Of all pictures on one page; further ones are left out, and the page says so."""
_TEMPLATES = {".html": "page.html.j2", ".md": "page.md.j2"}


@dataclass(frozen=True)
class Chart:
    """A chart with its caption."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class ShownDrift:
    """A drift with its pictures as data URIs, or the reason for having none."""

    drift: Drift
    pictures: dict[str, str]
    reason: str | None


def write_report(path: Path, sources: Sequence[Source], base: Source | None = None) -> None:
    """Write results as one self-contained page (.html), or as Markdown (.md) without charts and pictures.

    Raises UsageError on another suffix, ResultsError if there's nothing to report.
    """
    if path.suffix not in _TEMPLATES:
        raise UsageError(f"{path}: a report's name ends in {' or '.join(_TEMPLATES)}.")
    text = render(lay_out(sources, base), path.suffix)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def render(view: View, suffix: str, max_pictures_bytes: int = MAX_PICTURES_BYTES) -> str:
    """Render a view. suffix: .html or .md. max_pictures_bytes: of all pictures on the page."""
    source = files(__package__).joinpath(_TEMPLATES[suffix]).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=suffix == ".html", undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        ms=formatting.milliseconds,
        mb=formatting.megabytes,
        db=formatting.decibels,
        cell=lambda text: str(text).replace("|", "\\|"),
    )
    album = _Album(max_pictures_bytes)
    return environment.from_string(source).render(
        view=view,
        formatting=formatting,
        worst=worst,
        charts_of=charts_of,
        changes=changes_of([v.against for v in view.compared if v.against is not None]),
        ranges_of=_ranges_of,
        memory_of=_memory_of,
        drifts_of=album.drifts_of,
        amplification=AMPLIFICATION,
        square_px=SQUARE_PX,
    )


def charts_of(case: Case, unit: str) -> list[Chart]:
    """A case's charts; fewer where its runner reported less."""
    samples, minutes, trace = case.measurement.worker.samples, case.measurement.minutes, case.measurement.worker.trace
    found: list[Chart] = []
    if len(samples.wall_ms) > 1:
        beyond = charts.beyond(samples.wall_ms)
        rest = f"; {beyond} slower ones beyond the right edge" if beyond else ""
        grouped = ": median and range of neighbours" if len(samples.wall_ms) > charts.BUCKETS else ""
        found.append(Chart(f"Distribution of the runs{rest}", charts.histogram(samples.wall_ms, unit)))
        found.append(Chart(f"The runs in order{grouped}", charts.series(samples, unit)))
    if minutes:
        found.append(Chart("Sustained: p50 (solid) and p90 (dashed) of every minute", charts.sustained(minutes, unit)))
    for caption, svg in (
        ("CPU clocks: the fastest (solid), the lowest cap (dashed)", charts.clocks(trace)),
        ("Hottest zone", charts.temperatures(trace)),
    ):
        if svg is not None:
            found.append(Chart(caption, svg))
    return found


def _ranges_of(section: Section) -> dict[str, object]:
    """The section's overview: its axis, and each case's position on it."""
    axis = axis_of([case.measurement.summary for case in section.cases])
    rows = [(case, range_of(case.measurement.summary, axis)) for case in section.cases]
    return {"axis": axis, "rows": rows}


def _memory_of(section: Section) -> list[tuple[Case, float, float]]:
    """Each case's memory in percent of the section's largest peak: before the model, and what the model adds."""
    uses = [(case, case.measurement.worker.memory) for case in section.cases]
    known = [(case, use.before_load_bytes or 0, use.peak_bytes) for case, use in uses if use.peak_bytes is not None]
    largest = max((peak for _, _, peak in known), default=1)
    return [(case, 100 * before / largest, 100 * (peak - before) / largest) for case, before, peak in known]


class _Album:
    """Reads pictures up to a page's limit."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = self._room = max_bytes

    def drifts_of(self, case: Case) -> list[ShownDrift]:
        """A case's drifts, with their pictures where available."""
        return [self._show(drift, case.pictures) for drift in case.measurement.drifts]

    def _show(self, drift: Drift, folder: Path) -> ShownDrift:
        if drift.pictures is None:
            return ShownDrift(drift, {}, "No pictures were kept: values weren't finite, or there was no results file.")
        if self._room <= 0:
            return ShownDrift(drift, {}, f"Left out: a page is limited to {self._max_bytes / 1e6:.0f} MB of pictures.")
        try:
            return ShownDrift(drift, self._embed(drift.pictures, folder), None)
        except ResultsError as error:
            return ShownDrift(drift, {}, str(error))

    def _embed(self, pictures: DriftPictures, folder: Path) -> dict[str, str]:
        named = {what: name for what, name in asdict(pictures).items() if isinstance(name, str)}
        data = {what: read_picture(folder, name) for what, name in named.items()}
        self._room -= sum(map(len, data.values()))
        return {what: f"data:image/png;base64,{base64.b64encode(png).decode()}" for what, png in data.items()}
