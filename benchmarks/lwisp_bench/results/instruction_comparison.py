"""Comparison of instruction counts: whether a model costs more than before, to half a percent, on any machine."""

from dataclasses import dataclass
from typing import Literal

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.record import Record
from lwisp_bench.results.results_file import Results

TOLERANCE = 0.005
"""Repeats differ by some thousand instructions in millions; larger changes come from the model or the runtime."""
MAX_SPREAD = TOLERANCE / 2
"""Of the inferences within one process; above it, the counts aren't those of a steady inference."""

Outcome = Literal["costlier", "cheaper", "equal", "inconclusive"]


@dataclass(frozen=True)
class InstructionComparison:
    """One case of both files, in retired arm64 instructions: not a latency."""

    case: str
    base: int
    new: int
    ratio: float
    outcome: Outcome
    reason: str


def compare_costs(base: Results, new: Results) -> tuple[InstructionComparison, ...]:
    """Compare every case that both files have under the clock `insn`; empty if there is none.

    Cases match by model name, inputs and CPU. Raises ResultsError if one was counted with another emulator, plugin,
    engine or contract.
    """
    bases = {_key(record): (record, cost) for record, cost in _counted(base)}
    pairs = [(bases[_key(record)], (record, cost)) for record, cost in _counted(new) if _key(record) in bases]
    return tuple(_compare(old, later) for old, later in pairs)


def compare_cost(case: str, before: InstructionCost, after: InstructionCost) -> InstructionComparison:
    """Compare two counts of one case. Raises ResultsError if they were counted differently."""
    for what, mine, its in _facts(before, after):
        if mine != its:
            raise ResultsError(f"{case}: {what} differs ({mine} and {its}). Count both the same way.")
    ratio = after.counts.total / before.counts.total
    outcome, reason = _outcome(before, after, ratio)
    return InstructionComparison(case, before.counts.total, after.counts.total, ratio, outcome, reason)


def _outcome(before: InstructionCost, after: InstructionCost, ratio: float) -> tuple[Outcome, str]:
    spread = max(before.spread, after.spread)
    if spread > MAX_SPREAD:
        return "inconclusive", f"inferences of one process differ by {100 * spread:.2f} %"
    if ratio > 1 + TOLERANCE:
        return "costlier", f"over {100 * TOLERANCE:.1f} % more instructions"
    if ratio < 1 - TOLERANCE:
        return "cheaper", f"over {100 * TOLERANCE:.1f} % fewer instructions"
    return "equal", f"within {100 * TOLERANCE:.1f} %"


def _compare(old: tuple[Record, InstructionCost], new: tuple[Record, InstructionCost]) -> InstructionComparison:
    (before, base), (after, cost) = old, new
    case = f"{after.device.name}: {after.subject.name}"
    contracts = (before.subject.contract_version, after.subject.contract_version)
    if contracts[0] != contracts[1]:
        raise ResultsError(
            f"{case}: the contract differs ({contracts[0]} and {contracts[1]}). Count both the same way."
        )
    return compare_cost(case, base, cost)


def _counted(results: Results) -> list[tuple[Record, InstructionCost]]:
    return [(record, record.cost) for record in results.records if record.cost is not None]


def _facts(before: InstructionCost, after: InstructionCost) -> tuple[tuple[str, object, object], ...]:
    return (
        ("the CPU", (before.cpu, before.qemu_cpu), (after.cpu, after.qemu_cpu)),
        ("the emulator", before.emulator, after.emulator),
        ("the runtime", before.runtime, after.runtime),
        ("the set of undelegated operations", before.coverage.undelegated, after.coverage.undelegated),
    )


def _key(record: Record) -> tuple[object, ...]:
    return (record.subject.name, record.subject.inputs, record.device.name)
