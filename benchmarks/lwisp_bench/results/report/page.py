"""Writing the report: a view, charts and pictures put into the page's template."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.drift_pictures import SQUARE_PX, DriftPictures, read_picture
from lwisp_bench.results.output_check import Drift, worst
from lwisp_bench.results.report import charts, facts
from lwisp_bench.results.report.axis import axis_of, changes_of, range_of
from lwisp_bench.results.report.view import Case, Section, Source, View, lay_out
from lwisp_mobile.errors import UsageError
from lwisp_mobile.output.comparison import AMPLIFICATION
from lwisp_mobile.serialize.files import atomic_write

MAX_PICTURES_BYTES = 12_000_000
"""Of all pictures in one page; what comes after is left out, and the page says so."""
_TEMPLATES = {".html": "page.html.j2", ".md": "page.md.j2"}


@dataclass(frozen=True)
class Chart:
    """A chart with its caption."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class ShownDrift:
    """A drift with its pictures as data URIs, or the reason why there are none."""

    drift: Drift
    pictures: dict[str, str]
    reason: str | None


def write_report(path: Path, sources: Sequence[Source], base: Source | None) -> None:
    """Write results as a page (.html) or as Markdown (.md, without charts and pictures); it needs no other file.

    Raises UsageError on another suffix, ResultsError if there's nothing to report.
    """
    if path.suffix not in _TEMPLATES:
        raise UsageError(f"{path}: a report is {' or '.join(_TEMPLATES)}; name it so.")
    text = render(lay_out(sources, base), path.suffix)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def render(view: View, suffix: str) -> str:
    """A view as text. suffix: .html or .md."""
    source = files(__package__).joinpath(_TEMPLATES[suffix]).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=suffix == ".html", undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        ms=facts.milliseconds, mb=facts.megabytes, db=facts.decibels, cell=lambda text: str(text).replace("|", "\\|")
    )
    album = _Album()
    return environment.from_string(source).render(
        view=view,
        facts=facts,
        worst=worst,
        charts_of=charts_of,
        changes=changes_of([v.against for v in view.verdicts if v.against is not None]),
        ranges_of=_ranges_of,
        memory_of=_memory_of,
        drifts_of=album.drifts_of,
        amplification=AMPLIFICATION,
        square_px=SQUARE_PX,
    )


def charts_of(case: Case, unit: str) -> list[Chart]:
    """A case's charts; fewer where its runner told less."""
    samples, minutes, trace = case.measurement.worker.samples, case.measurement.minutes, case.measurement.worker.trace
    found: list[Chart] = []
    if len(samples.wall_ms) > 1:
        beyond = charts.beyond(samples.wall_ms)
        rest = f"; slower ones beyond the right edge: {beyond}" if beyond else ""
        grouped = ": median and span of neighbours" if len(samples.wall_ms) > charts.BUCKETS else ""
        found.append(Chart(f"How the runs are spread{rest}", charts.histogram(samples.wall_ms, unit)))
        found.append(Chart(f"The runs in their order{grouped}", charts.series(samples, unit)))
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
    """The section's overview: its axis, and each case's place on it."""
    axis = axis_of([case.measurement.summary for case in section.cases])
    rows = [(case, range_of(case.measurement.summary, axis)) for case in section.cases]
    return {"axis": axis, "rows": rows}


def _memory_of(section: Section) -> list[tuple[Case, float, float]]:
    """Each case's memory in percent of the section's largest peak: before the model, and with it over that."""
    uses = [(case, case.measurement.worker.memory) for case in section.cases]
    told = [(case, use.before_load_bytes or 0, use.peak_bytes) for case, use in uses if use.peak_bytes is not None]
    largest = max((peak for _, _, peak in told), default=1)
    return [(case, 100 * before / largest, 100 * (peak - before) / largest) for case, before, peak in told]


class _Album:
    """Reads pictures until the page is as large as it may be."""

    def __init__(self) -> None:
        self._room = MAX_PICTURES_BYTES

    def drifts_of(self, case: Case) -> list[ShownDrift]:
        """A case's drifts, with what pictures there are."""
        return [self._show(drift, case.pictures) for drift in case.measurement.drifts]

    def _show(self, drift: Drift, folder: Path) -> ShownDrift:
        if drift.pictures is None:
            return ShownDrift(drift, {}, "No pictures were kept: values weren't finite, or there was no results file.")
        if self._room <= 0:
            return ShownDrift(drift, {}, f"Left out: this page holds {MAX_PICTURES_BYTES / 1e6:.0f} MB of pictures.")
        try:
            return ShownDrift(drift, self._embed(drift.pictures, folder), None)
        except ResultsError as error:
            return ShownDrift(drift, {}, str(error))

    def _embed(self, pictures: DriftPictures, folder: Path) -> dict[str, str]:
        named = {
            "device": pictures.device,
            "difference": pictures.difference,
            "device_square": pictures.device_square,
            "float_square": pictures.float_square,
            "difference_square": pictures.difference_square,
        }
        data = {what: read_picture(folder, name) for what, name in named.items()}
        self._room -= sum(map(len, data.values()))
        return {what: f"data:image/png;base64,{base64.b64encode(png).decode()}" for what, png in data.items()}
