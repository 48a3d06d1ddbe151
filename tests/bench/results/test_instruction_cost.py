"""Arithmetic of instruction counts."""

from lwisp_bench.results.instruction_cost import InstructionCounts, largest_classes, median_counts


def test_median_and_difference() -> None:
    counts = [InstructionCounts(total, *([0] * 9), total) for total in (30, 10, 20)]
    assert median_counts(counts).total == 20
    assert counts[0].minus(counts[1]) == counts[2]
    assert counts[1].minus(counts[0]).total == 0


def test_the_largest_class_comes_first() -> None:
    counts = InstructionCounts(30, 5, *([0] * 8), 25)
    assert largest_classes(counts) == (("integer", 25), ("dot", 5))
