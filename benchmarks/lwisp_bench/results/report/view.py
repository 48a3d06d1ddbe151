"""The report's content, laid out: sections of comparable cases, device cards, comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.file_comparison import Comparison, compare_files
from lwisp_bench.results.instruction_cost import InstructionCost, largest_classes
from lwisp_bench.results.latency_comparison import LatencyComparison
from lwisp_bench.results.record import Measurement, Record
from lwisp_bench.results.report.formatting import milliseconds, title
from lwisp_bench.results.results_file import Results

CLOCKS = {
    ("wall", "physical"): ("Latency", "Wall clock, on physical devices."),
    ("wall", "browser"): (
        "Time in a browser",
        "The browser's own clock, which it makes coarser than the system's. Runs include copies in and out.",
    ),
    ("wall", "emulated"): (
        "Time under emulation",
        "Wall clock of an emulator. Instructions are translated, so these times are not latencies and say nothing of "
        "any processor; only the bits and pictures of the outputs count.",
    ),
}
"""Heading and label of each kind of time. Kinds never share a chart; instructions have a section of their own."""


@dataclass(frozen=True)
class Source:
    """One results file."""

    name: str
    results: Results
    pictures: Path
    """Folder of its drift pictures."""


@dataclass(frozen=True)
class Case:
    """One record with a measurement."""

    id: str
    """Unique in the page."""
    title: str
    record: Record
    measurement: Measurement
    pictures: Path


@dataclass(frozen=True)
class Section:
    """Cases with numbers of one kind."""

    heading: str
    label: str
    unit: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Count:
    """One record of the clock `insn`."""

    title: str
    cost: InstructionCost
    classes: tuple[tuple[str, int], ...]
    """Classes of instructions that occur and their counts, largest first."""


@dataclass(frozen=True)
class Against:
    """One case against the baseline's: both figures with their unit, and their ratio, new over base."""

    outcome: str
    base: str
    new: str
    ratio: float
    low: float
    """Of the interval; the ratio itself for instruction counts, which have none."""
    high: float


@dataclass(frozen=True)
class Compared:
    """One case and the outcome of its comparison."""

    title: str
    against: Against | None
    """None: not compared."""
    reason: str


@dataclass(frozen=True)
class Unmeasured:
    """One case without numbers."""

    title: str
    reason: str


@dataclass(frozen=True)
class View:
    """The whole report."""

    sources: tuple[str, ...]
    base: str | None
    sections: tuple[Section, ...]
    counts: tuple[Count, ...]
    unmeasured: tuple[Unmeasured, ...]
    devices: tuple[DeviceDescription, ...]
    compared: tuple[Compared, ...]


def source_of(path: Path, results: Results) -> Source:
    """Wrap a results file that was read."""
    return Source(path.name, results, pictures_folder(path))


def lay_out(sources: Sequence[Source], base: Source | None) -> View:
    """Lay a report out. Raises ResultsError if the files have no records."""
    records = [(record, source.pictures) for source in sources for record in source.results.records]
    if not records:
        raise ResultsError(
            f"{', '.join(source.name for source in sources)}: no records to report. Measure something first."
        )
    return View(
        sources=tuple(source.name for source in sources),
        base=None if base is None else base.name,
        sections=_sections(records),
        counts=tuple(_count(record, record.cost) for record, _ in records if record.cost is not None),
        unmeasured=tuple(Unmeasured(title(record), _reason(record)) for record, _ in records if not _measured(record)),
        devices=tuple(dict.fromkeys(record.device for record, _ in records)),
        compared=() if base is None else _compare_all([record for record, _ in records], base.results),
    )


def _sections(records: Sequence[tuple[Record, Path]]) -> tuple[Section, ...]:
    groups: dict[tuple[str, str], list[Case]] = {}
    for index, (record, pictures) in enumerate(records):
        if record.measurement is not None:
            case = Case(f"case-{index + 1}", title(record), record, record.measurement, pictures)
            groups.setdefault((record.clock, record.device_kind), []).append(case)
    order = [*CLOCKS]
    return tuple(
        Section(*CLOCKS[kind], "ms, emulated" if kind[1] == "emulated" else "ms", tuple(groups[kind]))
        for kind in sorted(groups, key=order.index)
    )


def _reason(record: Record) -> str:
    if record.failure is not None:
        return f"failed: {record.failure.message}"
    obstacle = None if record.gate is None else record.gate.obstacle
    return f"inconclusive: {obstacle or 'not measured'}"


def _measured(record: Record) -> bool:
    return record.measurement is not None or record.cost is not None


def _count(record: Record, cost: InstructionCost) -> Count:
    return Count(f"{record.subject.name} · {cost.cpu}", cost, largest_classes(cost.counts))


def _compare_all(records: Sequence[Record], base: Results) -> tuple[Compared, ...]:
    return tuple(_compare(record, base) for record in records if _measured(record))


def _compare(record: Record, base: Results) -> Compared:
    try:
        (found,) = compare_files(base, replace(Results(), records=(record,)))
    except ResultsError as error:
        return Compared(title(record), None, str(error))
    return Compared(title(record), _against(found), found.reason)


def _against(found: Comparison) -> Against:
    if isinstance(found, LatencyComparison):
        texts = (f"{milliseconds(found.base_p50_ms)} ms", f"{milliseconds(found.new_p50_ms)} ms")
        return Against(found.outcome, *texts, found.ratio, found.low, found.high)
    texts = (f"{found.base / 1e6:.2f} M instructions", f"{found.new / 1e6:.2f} M instructions")
    return Against(found.outcome, *texts, found.ratio, found.ratio, found.ratio)
