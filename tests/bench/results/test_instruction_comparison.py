"""Comparison of instruction counts: a tight gate, and never mixed with times."""

from dataclasses import replace

import pytest

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.file_comparison import compare_files, exit_code
from lwisp_bench.results.instruction_comparison import TOLERANCE, compare_costs
from lwisp_bench.results.instruction_cost import InstructionCounts
from lwisp_bench.results.results_file import Results
from lwisp_bench.results.terminal import comparison_lines
from tests.bench.synthetic_records import counted_record


def scaled(factor: float, **changes: object) -> Results:
    record = counted_record(InstructionCounts(1_000_000, 600_000, *([0] * 8), 400_000))
    cost = record.cost
    assert cost is not None
    counts = replace(cost.counts, total=round(cost.counts.total * factor))
    return Results(records=(replace(record, cost=replace(cost, counts=counts, **changes)),))


@pytest.mark.parametrize(
    ("factor", "spread", "outcome", "code"),
    [
        (1 + 1.2 * TOLERANCE, 0.0, "costlier", 1),
        (1 + 0.8 * TOLERANCE, 0.0, "equal", 0),
        (1 - 0.8 * TOLERANCE, 0.0, "equal", 0),
        (1 - 1.2 * TOLERANCE, 0.0, "cheaper", 0),
        (1.5, TOLERANCE, "inconclusive", 3),
    ],
)
def test_the_gate(factor: float, spread: float, outcome: str, code: int) -> None:
    found = compare_files(scaled(1), scaled(factor, spread=spread))
    assert [one.outcome for one in found] == [outcome]
    assert exit_code(one.outcome for one in found) == code
    assert "not a latency" in "\n".join(comparison_lines(found[0]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"emulator": "another"}, "the emulator differs"), ({"qemu_cpu": "max"}, "the CPU differs")],
)
def test_differing_counts_are_refused(change: dict[str, str], reason: str) -> None:
    with pytest.raises(ResultsError, match=reason):
        compare_costs(scaled(1), scaled(1, **change))


def test_counts_and_times_do_not_mix() -> None:
    with pytest.raises(ResultsError, match="no measured case in common"):
        compare_files(scaled(1), Results())
