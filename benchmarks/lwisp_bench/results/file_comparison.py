"""Comparison of results files: latencies with latencies, instruction counts with instruction counts, never mixed."""

from collections.abc import Iterable

from lwisp_bench.results.instruction_comparison import InstructionComparison, compare_costs
from lwisp_bench.results.latency_comparison import LatencyComparison, compare_latencies
from lwisp_bench.results.results_file import Results

REGRESSIONS = ("slower", "costlier")
"""Outcomes that fail a gate."""
Comparison = LatencyComparison | InstructionComparison


def compare_files(base: Results, new: Results) -> tuple[Comparison, ...]:
    """Compare every case that both files have. Raises ResultsError if there is none, or their setups differ."""
    costs = compare_costs(base, new)
    timed = any(record.measurement is not None for record in new.records)
    return (*(compare_latencies(base, new) if timed or not costs else ()), *costs)


def exit_code(outcomes: Iterable[str]) -> int:
    """1 if any case regressed, else 3 if any is inconclusive, else 0."""
    found = set(outcomes)
    return 1 if found.intersection(REGRESSIONS) else 3 if "inconclusive" in found else 0
