"""Parser of the output of `benchmark_model`, in its published forms from 2018 on.

Sources: TensorFlow's and LiteRT's tools/benchmark (benchmark_model.cc, stats_calculator.cc, benchmark_litert_model.h).
It prints statistics, never samples; newer forms include median and p95, older ones mean and standard deviation.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lwisp_bench.errors import NativeToolError
from lwisp_bench.worker.job import OpTime

_PREFIX = re.compile(r"^(?:\d\d-\d\d [\d:.]+ .*?tflite *(?:\( *\d+\))?: |[A-Z]+: (?:\[[^\]]*\] )?)")
"""Of a line: Android's log, or the tool's own `INFO: ` with or without source location."""
_PAIR = re.compile(r"(\w+)=([-+.\deE]+)")
_PREPARED = re.compile(r"^(?:Initialized session in|Model initialization:) *([\d.]+) ?ms")
_PEAK = re.compile(r"^(?:Overall peak memory footprint \(MB\) via periodic monitoring:|Peak memory:) *([\d.]+)")
_REQUESTED = re.compile(r"^Explicitly applied (\w+) delegate")
_CREATED = re.compile(r"^Created TensorFlow Lite (\w+) delegate")
_ACCELERATOR = re.compile(r"Dynamically loaded (\w+) accelerator")
_UNCONSUMED = re.compile(r"Unconsumed cmdline flags: *(.+)")
_REPLACED = re.compile(
    r"Replacing (\d+) out of (\d+) node\(s\) with delegate \((\w+)\) node, yielding (\d+) partitions"
)
_TABLE = re.compile(r"^=+ Run Order =+$")
_ROW = re.compile(
    r"^\s*(?P<kind>\S.*?)\s+(?:[\d.]+\s+){1,2}(?P<mean>[\d.]+)\s+[\d.]+%\s+[\d.]+%\s+[\d.]+\s+(?P<calls>\d+)\s+(?P<name>.*)$"
)
_PROFILE = "Operator-wise Profiling Info for Regular Benchmark Runs:"


@dataclass(frozen=True)
class Statistics:
    """One series of runs, in microseconds; null where this form doesn't report it."""

    count: int
    first_us: float
    min_us: float
    max_us: float
    mean_us: float
    std_us: float | None
    median_us: float | None
    p95_us: float | None

    @property
    def typical_us(self) -> float:
        """The median; the mean in forms without one."""
        return self.mean_us if self.median_us is None else self.median_us


@dataclass(frozen=True)
class Replaced:
    """How much of one subgraph one delegate took."""

    delegate: str
    nodes: int
    of_nodes: int
    partitions: int


@dataclass(frozen=True)
class ToolOutput:
    """The output of one run of the tool."""

    warm_up: Statistics
    steady: Statistics
    prepare_ms: float | None
    peak_bytes: int | None
    delegate: str | None
    """Of several, the one that was requested comes first: `GPU, XNNPACK`."""
    replaced: tuple[Replaced, ...]
    profile: tuple[OpTime, ...] | None
    unconsumed: str | None
    """Flags that the tool ignored."""

    @property
    def accelerated(self) -> bool:
        """Whether a delegate other than XNNPACK took part of a model."""
        named = [*(self.delegate or "").split(", "), *(one.delegate for one in self.replaced)]
        return any(name and "xnnpack" not in name.lower() for name in named)


def parse_output(text: str) -> ToolOutput:
    """Parse an output. Raises NativeToolError if it isn't that of a finished run."""
    lines = [_PREFIX.sub("", line).rstrip() for line in text.splitlines()]
    series = [_statistics(line) for line in lines if line.startswith("count=")]
    if len(series) != 2:
        raise NativeToolError(
            f"The tool printed {len(series)} lines `count=…`; two are needed, for the warm-up and the runs. "
            "Give TFLite's or LiteRT's benchmark_model."
        )
    prepared, peak = _number(_PREPARED, lines), _number(_PEAK, lines)
    return ToolOutput(
        warm_up=series[0],
        steady=series[1],
        prepare_ms=prepared,
        peak_bytes=None if peak is None else round(peak * 2**20),
        delegate=_delegates(lines),
        replaced=tuple(_replaced(lines)),
        profile=_profile(lines),
        unconsumed=next((found.group(1) for line in lines if (found := _UNCONSUMED.search(line))), None),
    )


def _statistics(line: str) -> Statistics:
    """`count=50 first=… curr=… min=… max=… avg=… std=…`, or `count=1 curr=…` if all runs took the same time."""
    values = {name: float(value) for name, value in _PAIR.findall(line)}
    if values["count"] < 1:
        raise NativeToolError("The tool ran the model 0 times; remove flags such as --dry_run.")
    same = values["curr"]
    return Statistics(
        count=int(values["count"]),
        first_us=values.get("first", same),
        min_us=values.get("min", same),
        max_us=values.get("max", same),
        mean_us=values.get("avg", same),
        std_us=values.get("std", 0.0 if values["count"] > 1 else None),
        median_us=values.get("median"),
        p95_us=values.get("p95"),
    )


def _number(pattern: "re.Pattern[str]", lines: Sequence[str]) -> float | None:
    return next((float(found.group(1)) for line in lines if (found := pattern.match(line))), None)


def _delegates(lines: Sequence[str]) -> str | None:
    found = [
        match.group(1)
        for kind in (_REQUESTED, _ACCELERATOR, _CREATED)
        for line in lines
        if (match := kind.search(line))
    ]
    return ", ".join(dict.fromkeys(found)) or None


def _replaced(lines: Sequence[str]) -> Iterator[Replaced]:
    for line in lines:
        if found := _REPLACED.search(line):
            nodes, of_nodes, delegate, partitions = found.groups()
            yield Replaced(delegate, int(nodes), int(of_nodes), int(partitions))


def _profile(lines: Sequence[str]) -> tuple[OpTime, ...] | None:
    """The table of the steady runs, in execution order; None without one."""
    start = lines.index(_PROFILE) if _PROFILE in lines else 0
    heads = [index for index, line in enumerate(lines) if index >= start and _TABLE.match(line)]
    if not heads:
        return None
    # Without its heading (2018, 2019) the steady runs' table is the last one; with it, the first after the heading.
    table = lines[(heads[0] if start else heads[-1]) + 2 :]
    rows = (_ROW.match(line) for line in table[: table.index("") if "" in table else len(table)])
    return tuple(OpTime(row["kind"], row["name"], float(row["mean"]), int(row["calls"])) for row in rows if row)
