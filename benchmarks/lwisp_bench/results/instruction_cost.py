"""The cost of one inference in retired arm64 instructions: not a time, and the same on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from lwisp_bench.results.output_check import OutputCheck
from lwisp_bench.worker.job import RuntimeFacts
from lwisp_mobile.engine.coverage import Coverage


@dataclass(frozen=True)
class InstructionCounts:
    """Retired arm64 instructions; the classes are disjoint and sum to the total."""

    total: int
    dot: int
    """SDOT, UDOT, USDOT, SUDOT: int8 dot products (Armv8.2)."""
    mmla: int
    """SMMLA, UMMLA, USMMLA: int8 matrix products (i8mm)."""
    mlal: int
    """SMLAL, UMLAL, SMULL, UMULL: widening integer products, int8 without dot products."""
    fmla: int
    """FMLA, FMLS and scalar fused multiply-adds of any float type."""
    simd: int
    """Other SIMD and floating-point arithmetic."""
    sve: int
    """SVE and SME, whatever they do."""
    simd_memory: int
    """Loads and stores of SIMD registers."""
    memory: int
    """Other loads and stores."""
    branch: int
    """Branches and system instructions."""
    integer: int
    """All others."""

    def minus(self, other: "InstructionCounts") -> "InstructionCounts":
        """The difference, class by class, never below 0."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self)[1:])
        classes = [max(0, mine - its) for mine, its in pairs]
        return InstructionCounts(sum(classes), *classes)


@dataclass(frozen=True)
class InstructionCost:
    """The instructions of one inference on one thread, counted under emulation."""

    unit: Literal["retired arm64 instructions"]
    cpu: str
    """The CPU for which LiteRT chose its kernels."""
    emulator: str
    """Package and plugin."""
    qemu_cpu: str
    """The emulator's model of the CPU."""
    runtime: RuntimeFacts
    counts: InstructionCounts
    """The median of the counted inferences, less an empty region."""
    inferences: tuple[int, ...]
    """Totals of all counted inferences, consecutive in one process, each including its region's overhead."""
    overhead: int
    """Total of an empty region: the two marks and a Python call."""
    spread: float
    """Range of the inferences over their median's count."""
    coverage: Coverage
    checks: tuple[OutputCheck, ...]
    """Outputs against this host's."""


def largest_classes(counts: InstructionCounts) -> tuple[tuple[str, int], ...]:
    """The classes that occur and their counts, largest first."""
    classes = ((field.name, getattr(counts, field.name)) for field in fields(counts)[1:])
    return tuple(sorted((pair for pair in classes if pair[1]), key=lambda pair: -pair[1]))


def median_counts(counts: Sequence[InstructionCounts]) -> InstructionCounts:
    """The entry whose total is the median. counts: of odd length."""
    return sorted(counts, key=lambda one: one.total)[len(counts) // 2]
