"""The precision `auto`: INT8 where this CPU runs it faster than float arithmetic, else fp16 weights.

The rule: INT8 if the CPU has dot-product instructions of 8-bit integers (AVX-512 VNNI, AVX-VNNI, Arm's SDOT or SMMLA),
or if another delegate than the CPU's runs the model; else fp16, as where the system doesn't tell. `lwisp time --all`
measures whether it's right on a machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.cpu import find_dot_products
from lwisp_mobile.engine.delegates import CPU
from lwisp_mobile.engine.interpreter import Target

AUTO = "auto"
INT8, FP16 = "int8", "fp16"


@dataclass(frozen=True)
class ChosenPrecision:
    """A bundle's model, by precision, and why it's this one."""

    precision: str
    notes: tuple[str, ...] = ()
    """Empty if the user chose it."""


def choose_precision(
    bundle: Bundle,
    wanted: str,
    target: Target,
    *,
    find_instructions: Callable[[], tuple[str, ...] | None] = find_dot_products,
) -> ChosenPrecision:
    """Resolve `auto` by the module's rule, or to what the bundle has; any other precision stays as it is."""
    if wanted != AUTO:
        return ChosenPrecision(wanted)
    precision, reason = _by_delegate(target) or _by_cpu(find_instructions())
    known = [model.contract.precision for model in bundle.models]
    if known and precision not in known:
        precision, reason = known[0], f"{bundle.name} has no {precision} model"
    return ChosenPrecision(precision, (f"Precision {precision}: {reason}.",))


def _by_delegate(target: Target) -> tuple[str, str] | None:
    return None if target.delegate == CPU else (INT8, f"{target.delegate} runs the model, not the CPU")


def _by_cpu(instructions: tuple[str, ...] | None) -> tuple[str, str]:
    if instructions is None:
        return FP16, "this system doesn't say whether its CPU has 8-bit dot-product instructions"
    if not instructions:
        return FP16, "this CPU has no 8-bit dot-product instructions, so INT8 is no faster"
    return INT8, f"this CPU has 8-bit dot-product instructions ({', '.join(instructions)})"
