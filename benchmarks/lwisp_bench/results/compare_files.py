"""Comparing results files whatever their clocks: times with times, instructions with instructions, never mixed."""

from collections.abc import Sequence

from lwisp_bench.results import compare
from lwisp_bench.results import instruction_compare as instructions
from lwisp_bench.results.compare import Comparison
from lwisp_bench.results.file import Results
from lwisp_bench.results.instruction_compare import CostComparison
from lwisp_bench.results.instruction_text import cost_comparison_lines
from lwisp_bench.results.text import comparison_lines

AnyComparison = Comparison | CostComparison


def compare_files(base: Results, new: Results) -> tuple[AnyComparison, ...]:
    """Compare every case that both files have. Raises ResultsError if there is none, or one wasn't measured alike."""
    costs = instructions.compare_costs(base, new)
    timed = any(record.measurement is not None for record in new.records)
    return (*(compare.compare_results(base, new) if timed or not costs else ()), *costs)


def exit_code(found: Sequence[AnyComparison]) -> int:
    """1 if any case is slower or costlier, else 3 if any is inconclusive, else 0."""
    codes = {
        compare.exit_code([one for one in found if isinstance(one, Comparison)]),
        instructions.exit_code([one for one in found if isinstance(one, CostComparison)]),
    }
    return 1 if 1 in codes else max(codes)


def lines(found: Sequence[AnyComparison]) -> list[str]:
    """Every comparison for a terminal."""
    return [
        line
        for one in found
        for line in (comparison_lines(one) if isinstance(one, Comparison) else cost_comparison_lines(one))
    ]
