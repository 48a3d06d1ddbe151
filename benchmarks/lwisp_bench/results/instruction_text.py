"""Counts as lines for a terminal."""

from dataclasses import fields

from lwisp_bench.results.instruction_compare import CostComparison
from lwisp_bench.results.instruction_cost import InstructionCost


def cost_lines(cost: InstructionCost) -> list[str]:
    """One count."""
    counts, coverage = cost.counts, cost.coverage
    classes = [(field.name, getattr(counts, field.name)) for field in fields(counts)[1:]]
    largest = sorted((pair for pair in classes if pair[1]), key=lambda pair: -pair[1])
    equal = sum(check.bit_equal for check in cost.checks)
    return [
        f"  {counts.total / 1e6:.2f} million {cost.unit} per inference on {cost.cpu} (emulated; no latency)",
        "  " + ", ".join(f"{name} {value / 1e6:.2f}" for name, value in largest),
        f"  spread {1e6 * cost.spread:.0f} ppm over {len(cost.inferences)} inferences; "
        f"XNNPACK runs {coverage.delegated_nodes} of {coverage.total_nodes} nodes; "
        f"{equal} of {len(cost.checks)} outputs have this host's bits",
    ]


def cost_comparison_lines(comparison: CostComparison) -> list[str]:
    """One case of two results files."""
    c = comparison
    return [
        c.case,
        f"  {c.outcome}: {c.base / 1e6:.2f} to {c.new / 1e6:.2f} million retired arm64 instructions, "
        f"{100 * (c.ratio - 1):+.2f} % (no latency)",
        f"  {c.reason}",
    ]
