"""What the report shows, laid out: sections of cases that may be compared, device cards, comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.compare import Comparison
from lwisp_bench.results.compare_files import AnyComparison, compare_files
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.file import Results
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.record import Measurement, Record
from lwisp_bench.results.report.facts import milliseconds, title

CLOCKS = {
    ("wall", "physical"): ("Latency", "Wall clock, on physical devices."),
    ("wall", "emulated"): (
        "Time under emulation",
        "Wall clock of an emulator. Instructions are translated, so these times are no latency and tell nothing about "
        "any processor; they show that the model runs, its bits and its pictures.",
    ),
}
"""Heading and label of each kind of time. Kinds never share a chart, and instructions have a section of their own."""


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
    """Cases whose numbers are of one kind."""

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
    """Kinds of instructions and how many, largest first; those that occur."""


@dataclass(frozen=True)
class Against:
    """One case beside the baseline's: both figures with their unit, and new over base."""

    outcome: str
    base: str
    new: str
    ratio: float
    low: float
    """Of the interval; the ratio itself where instructions are compared, which don't vary."""
    high: float


@dataclass(frozen=True)
class Verdict:
    """One case and what became of comparing it."""

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
    verdicts: tuple[Verdict, ...]


def source_of(path: Path, results: Results) -> Source:
    """A results file that was read."""
    return Source(path.name, results, pictures_folder(path))


def lay_out(sources: Sequence[Source], base: Source | None) -> View:
    """Lay a report out. Raises ResultsError if the files hold no record at all."""
    records = [(record, source.pictures) for source in sources for record in source.results.records]
    if not records:
        raise ResultsError(f"{', '.join(source.name for source in sources)}: no record to report. Measure something.")
    return View(
        sources=tuple(source.name for source in sources),
        base=None if base is None else base.name,
        sections=_sections(records),
        counts=tuple(_count(record, record.cost) for record, _ in records if record.cost is not None),
        unmeasured=tuple(Unmeasured(title(record), _reason(record)) for record, _ in records if not _measured(record)),
        devices=tuple(dict.fromkeys(record.device for record, _ in records)),
        verdicts=() if base is None else _verdicts([record for record, _ in records], base.results),
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
    classes = [(field.name, getattr(cost.counts, field.name)) for field in fields(cost.counts) if field.name != "total"]
    occurring = sorted((pair for pair in classes if pair[1]), key=lambda pair: -pair[1])
    return Count(f"{record.subject.name} · {cost.cpu}", cost, tuple(occurring))


def _verdicts(records: Sequence[Record], base: Results) -> tuple[Verdict, ...]:
    return tuple(_verdict(record, base) for record in records if _measured(record))


def _verdict(record: Record, base: Results) -> Verdict:
    try:
        (found,) = compare_files(base, replace(Results(), records=(record,)))
    except ResultsError as error:
        return Verdict(title(record), None, str(error))
    return Verdict(title(record), _against(found), found.reason)


def _against(found: AnyComparison) -> Against:
    if isinstance(found, Comparison):
        texts = (f"{milliseconds(found.base_p50_ms)} ms", f"{milliseconds(found.new_p50_ms)} ms")
        return Against(found.outcome, *texts, found.ratio, found.low, found.high)
    texts = (f"{found.base / 1e6:.2f} M instructions", f"{found.new / 1e6:.2f} M instructions")
    return Against(found.outcome, *texts, found.ratio, found.ratio, found.ratio)
