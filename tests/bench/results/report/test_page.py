"""The report: one file, kinds of numbers kept apart, every case shown or its absence explained."""

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.instruction_cost import InstructionCounts
from lwisp_bench.results.record import Failure, Record
from lwisp_bench.results.report import charts
from lwisp_bench.results.report.axis import axis_of, range_of
from lwisp_bench.results.report.page import render, write_report
from lwisp_bench.results.report.svg import ticks
from lwisp_bench.results.report.view import Source, lay_out
from lwisp_bench.results.results_file import Results, write_results
from lwisp_bench.results.summary import Minute, Summary, summarise
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.suite.execution import run_plan
from lwisp_bench.suite.plan import Plan, device_target
from lwisp_bench.worker.job import OpTime, Samples, TracePoint
from lwisp_mobile.cli.main import main
from tests.bench.local import BRIEF, ignore
from tests.bench.results.test_latency_comparison import runs
from tests.bench.synthetic_records import BOARD, SUBJECT, counted_record
from tests.bench.synthetic_records import timed_record as record


class Page(HTMLParser):
    """Headings with the text under each, and every reference to another file. Refuses elements that don't close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.under: dict[str, str] = {}
        self.references: list[str] = []
        self._open: list[str] = []
        self._heading = ""
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.references += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in ("br", "meta", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "h2":
            self._heading = data
        self.under[self._heading] = self.under.get(self._heading, "") + data


def source(*records: Record, folder: Path = Path("none.pictures")) -> Source:
    return Source("new.json", Results(records=records), folder)


def emulated(made: Record) -> Record:
    return replace(
        made,
        case_id="emulated",
        subject=replace(SUBJECT, name="under-emulation"),
        device=replace(BOARD, name="adb:virtual", kind="emulated", emulator="qemu-aarch64"),
        device_kind="emulated",
    )


def without_samples(made: Record) -> Record:
    """As from a runner that reports statistics only."""
    assert made.measurement is not None
    summary = replace(made.measurement.summary, p50_ms=None, p90_ms=None, p95_ms=None, p99_ms=None, mad_ms=None)
    profile = (OpTime("CONV_2D", "conv:0", 3.0, 1), OpTime("ADD", "add:1", 1.0, 1))
    worker = replace(made.measurement.worker, samples=Samples((), (), (), ()), profile=profile, profile_error=None)
    measurement = replace(made.measurement, summary=summary, worker=worker)
    return replace(made, case_id="bare", subject=replace(SUBJECT, name="bare"), measurement=measurement)


def html_of(*records: Record, base: Sequence[Record] = ()) -> Page:
    against = Source("base.json", Results(records=tuple(base)), Path("none")) if base else None
    return Page(render(lay_out([source(*records)], against), ".html"))


def test_kinds_of_numbers_are_kept_apart() -> None:
    made = record(runs(0))
    shown = html_of(made, emulated(made)).under
    assert "m.tflite" in shown["Latency"]
    assert "under-emulation" not in shown["Latency"]
    assert "not latencies" not in shown["Latency"]
    assert "under-emulation" in shown["Time under emulation"]
    assert "m.tflite" not in shown["Time under emulation"]
    assert "are not latencies" in shown["Time under emulation"]
    markdown = render(lay_out([source(made, emulated(made))], None), ".md")
    assert markdown.index("## Latency") < markdown.index("| m.tflite") < markdown.index("## Time under emulation")
    assert markdown.index("## Time under emulation") < markdown.index("| under-emulation")


def test_a_page_of_emulated_runs_shows_no_latency() -> None:
    assert "Latency" not in html_of(emulated(record(runs(0)))).under


def test_the_page_needs_no_other_file_and_no_name_becomes_markup() -> None:
    made = record(runs(0), subject=replace(SUBJECT, name="<script>alert(1)</script>"))
    found = html_of(made)
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in found.references)
    assert "<script>alert(1)</script>" in found.under["Latency"]
    assert "<script" not in render(lay_out([source(made)], None), ".html")


def test_instructions_are_a_section_of_their_own() -> None:
    cheap, dear = (
        counted_record(InstructionCounts(n, n - 5, 0, 0, 5, 0, 0, 0, 0, 0, 0)) for n in (1_000_000, 1_100_000)
    )
    page = html_of(record(runs(0)), dear, base=[record(runs(0)), cheap])
    assert "1.10" in page.under["Instructions"]
    assert "ms" not in page.under["Instructions"]
    assert "cortex-a76" not in page.under["Latency"]
    assert "costlier" in page.under["Against base.json"]
    markdown = render(lay_out([source(dear)], None), ".md")
    assert "| m.tflite · cortex-a76 | 1.10 | 0 ppm |" in markdown
    assert "Latency" not in markdown


def test_percentiles_are_the_samples() -> None:
    made = record([10.0] * 50 + [20.0] * 45 + [90.0] * 5)
    markdown = render(lay_out([source(made)], None), ".md")
    (row,) = [line for line in markdown.splitlines() if line.startswith("| m.tflite")]
    assert row.split(" | ")[1:7] == ["100", "15.0", "20.0", "23.5", "90.0", "5.00"]


def test_a_runner_without_samples_has_no_distribution_and_no_percentiles() -> None:
    shown = html_of(without_samples(record(runs(0)))).under["Latency"]
    assert "keeps no samples" in shown
    assert "CONV_2D" in shown
    assert "75.0 %" in shown
    assert "None" not in shown


def test_cases_without_numbers_are_listed_with_their_reason() -> None:
    failed = record(
        runs(0), status="failed", measurement=None, failure=Failure("DeviceLostError", "the cable fell out")
    )
    shown = html_of(failed).under
    assert "the cable fell out" in shown["Not measured"]
    assert "Latency" not in shown


def test_a_baseline_is_compared_case_by_case() -> None:
    made = record(runs(0))
    new = [record(runs(1, 1.08)), replace(made, subject=replace(SUBJECT, name="other")), emulated(made)]
    shown = html_of(*new, base=[made, emulated(made)]).under["Against base.json"]
    assert "slower" in shown
    assert shown.count("not compared") == 2
    assert "no measured case in common" in shown
    assert "wall time is meaningless" in shown


def test_results_without_records_are_refused() -> None:
    with pytest.raises(ResultsError, match="no records to report"):
        lay_out([source()], None)


def test_charts_are_well_formed_whatever_they_are_given() -> None:
    trace = [TracePoint(float(i), (2_400_000 - i,), (2_400_000,), (40.0 + i,)) for i in range(5)]
    drawn = [
        charts.histogram([5.0] * 30, "ms"),
        charts.histogram([1.0, 2.0], "ms"),
        charts.histogram(runs(0), "ms"),
        charts.series(Samples((3.0, 3.0), (), (), ()), "ms"),
        charts.series(Samples(tuple(runs(0)), (), (), tuple(i / 100 for i in range(300))), "ms"),
        charts.sustained([Minute(60, 5.0, 6.0), Minute(60, 7.0, 9.0)], "ms"),
        charts.clocks(trace),
        charts.temperatures(trace),
    ]
    for svg in drawn:
        assert svg is not None
        assert ElementTree.fromstring(svg).tag == "svg"
        assert "nan" not in svg
    assert charts.clocks([TracePoint(0, (), (), ())] * 3) is None


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (12.0, 12.3), (1e-4, 2e-4), (0.0, 12345.0)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high, 5)
    assert 2 <= len(found) <= 12
    assert low - 1e-9 <= found[0] <= found[-1] <= high + 1e-9


def test_positions_on_the_shared_axis() -> None:
    near, far = summarise([10.0, 20.0, 30.0]), summarise([900.0, 1000.0, 1100.0])
    axis = axis_of([near, summarise([40.0])])
    assert not axis.logarithmic
    assert range_of(near, axis).tick == pytest.approx(100 * 20 / (1.03 * 40))
    axis = axis_of([near, far])
    assert axis.logarithmic
    assert 0 < range_of(near, axis).tick < range_of(far, axis).tick < 100
    bare = Summary(1, None, None, None, None, None, 10.0, 20.0, 40.0, None)
    assert range_of(bare, axis_of([bare])).thick is None


def test_the_picture_of_a_drift_goes_from_the_run_into_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, html = tmp_path / "r.json", tmp_path / "r.html"
    target = device_target("local", RunOptions(gate=None, pictures=pictures_folder(output)))
    plan = Plan((target,), (bundle_subject("lwisp", "int8", 64, ()),), (Setup(limits=BRIEF),))
    results, _ = run_plan(plan, output, ignore)
    assert main(["bench", "report", str(output), "-o", str(html)]) == 0
    text = html.read_text()
    kept = list(pictures_folder(output).iterdir())
    assert text.count("data:image/png;base64,") == len(kept) == 5
    assert sum(path.stat().st_size for path in kept) < 350_000
    assert "float, 20 times around mid-grey" in text

    kept[0].write_bytes(kept[1].read_bytes())
    write_report(html, [Source("r", results, pictures_folder(output))], None)
    assert "isn&#39;t the picture that was written" in html.read_text()
    write_report(html, [Source("r", results, tmp_path / "elsewhere")], None)
    assert "Keep the folder of pictures beside" in html.read_text()
    view = lay_out([Source("r", results, pictures_folder(output))], None)
    assert "Left out: a page is limited to 0 MB" in render(view, ".html", max_pictures_bytes=0)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, factor in (("base", 1.0), ("new", 1.08)):
        write_results(Results(records=(record(runs(1, factor)),)), tmp_path / f"{name}.json")
    words = [str(tmp_path / "new.json"), "--base", str(tmp_path / "base.json")]
    assert main(["bench", "report", *words, "-o", str(tmp_path / "r.md")]) == 0
    assert "**slower**" in (tmp_path / "r.md").read_text()
    assert main(["bench", "report", *words, "-o", str(tmp_path / "r.pdf")]) == 2
    assert ".html or .md" in capsys.readouterr().err
    app = str(Path(__file__).parents[2] / "app_run.json")
    assert main(["bench", "report", app, *words[:1], "-o", str(tmp_path / "r.html")]) == 0
    assert "Maker Phone 1" in (tmp_path / "r.html").read_text()
