"""What one inference costs in retired arm64 instructions: no time, and the same on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from lwisp_bench.results.output_check import OutputCheck
from lwisp_bench.worker.job import RuntimeFacts
from lwisp_mobile.engine.xnnpack_coverage import Coverage


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
    """The rest."""

    def less(self, other: "InstructionCounts") -> "InstructionCounts":
        """The difference, class by class, never below 0."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self)[1:])
        classes = [max(0, mine - its) for mine, its in pairs]
        return InstructionCounts(sum(classes), *classes)


@dataclass(frozen=True)
class InstructionCost:
    """The instructions of one inference on one thread, counted under emulation."""

    unit: Literal["retired arm64 instructions"]
    cpu: str
    """The CPU that LiteRT chose its kernels for."""
    emulator: str
    """Package and plugin."""
    qemu_cpu: str
    """The emulator's model of the CPU."""
    runtime: RuntimeFacts
    counts: InstructionCounts
    """The middle one of the counted inferences, less an empty region."""
    inferences: tuple[int, ...]
    """Totals of all counted inferences, one after the other in one process, each with its region's overhead."""
    overhead: int
    """Total of an empty region: the two marks and the call of Python."""
    spread: float
    """Largest less smallest of the inferences, over the count."""
    coverage: Coverage
    checks: tuple[OutputCheck, ...]
    """Outputs against this host's."""


def middle(counts: Sequence[InstructionCounts]) -> InstructionCounts:
    """The one whose total is the median. counts: an odd number."""
    return sorted(counts, key=lambda one: one.total)[len(counts) // 2]
