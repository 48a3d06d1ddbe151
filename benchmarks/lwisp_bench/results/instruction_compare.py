"""The gate on instructions: whether a model costs more than it did, to half a percent, on any machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.file import Results
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.record import Record

TOLERANCE = 0.005
"""Repeats differ by some thousand instructions in millions; what is left over that is the model's or the runtime's."""
MAX_SPREAD = TOLERANCE / 2
"""Of the inferences within one process; above, the counts aren't those of one steady inference."""

Outcome = Literal["costlier", "cheaper", "equal", "inconclusive"]


@dataclass(frozen=True)
class CostComparison:
    """One case in both files, in retired arm64 instructions: no latency."""

    case: str
    base: int
    new: int
    ratio: float
    outcome: Outcome
    reason: str


def compare_costs(base: Results, new: Results) -> tuple[CostComparison, ...]:
    """Compare every case that both files have under the clock `insn`; empty if there is none.

    A case is a model's name with its inputs, and a CPU. Raises ResultsError if one was counted with another emulator,
    plugin, engine or contract.
    """
    bases = {_key(record): (record, cost) for record, cost in _counted(base)}
    pairs = [(bases[_key(record)], (record, cost)) for record, cost in _counted(new) if _key(record) in bases]
    return tuple(_compare(old, later) for old, later in pairs)


def compare_cost(case: str, before: InstructionCost, after: InstructionCost) -> CostComparison:
    """Compare two counts of one case. Raises ResultsError if they were counted in different ways."""
    for what, mine, its in _facts(before, after):
        if mine != its:
            raise ResultsError(f"{case}: {what} differ ({mine} and {its}). Count both alike.")
    ratio = after.counts.total / before.counts.total
    outcome, reason = _outcome(before, after, ratio)
    return CostComparison(case, before.counts.total, after.counts.total, ratio, outcome, reason)


def exit_code(comparisons: Iterable[CostComparison]) -> int:
    """1 if any case costs more, else 3 if any is inconclusive, else 0."""
    outcomes = {comparison.outcome for comparison in comparisons}
    return 1 if "costlier" in outcomes else 3 if "inconclusive" in outcomes else 0


def _outcome(before: InstructionCost, after: InstructionCost, ratio: float) -> tuple[Outcome, str]:
    spread = max(before.spread, after.spread)
    if spread > MAX_SPREAD:
        return "inconclusive", f"inferences of one process differ by {100 * spread:.2f} %"
    if ratio > 1 + TOLERANCE:
        return "costlier", f"over {100 * TOLERANCE:.1f} % more instructions"
    if ratio < 1 - TOLERANCE:
        return "cheaper", f"over {100 * TOLERANCE:.1f} % fewer instructions"
    return "equal", f"within {100 * TOLERANCE:.1f} %"


def _compare(old: tuple[Record, InstructionCost], new: tuple[Record, InstructionCost]) -> CostComparison:
    (before, base), (after, cost) = old, new
    case = f"{after.device.name}: {after.subject.name}"
    contracts = (before.subject.contract_version, after.subject.contract_version)
    if contracts[0] != contracts[1]:
        raise ResultsError(f"{case}: the contracts differ ({contracts[0]} and {contracts[1]}). Count both alike.")
    return compare_cost(case, base, cost)


def _counted(results: Results) -> list[tuple[Record, InstructionCost]]:
    return [(record, record.cost) for record in results.records if record.cost is not None]


def _facts(before: InstructionCost, after: InstructionCost) -> tuple[tuple[str, object, object], ...]:
    return (
        ("the CPUs", (before.cpu, before.qemu_cpu), (after.cpu, after.qemu_cpu)),
        ("the emulators", before.emulator, after.emulator),
        ("the runtimes", before.runtime, after.runtime),
        ("what is left undelegated", before.coverage.undelegated, after.coverage.undelegated),
    )


def _key(record: Record) -> tuple[object, ...]:
    return (record.subject.name, record.subject.inputs, record.device.name)
