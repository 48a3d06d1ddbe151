"""Whether `auto` chooses well on this machine: every precision of a bundle, timed in turns."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.precision import AUTO, ChosenPrecision, choose_precision
from lwisp_mobile.engine.session import Session
from lwisp_mobile.engine.timing import Timing, on_noise, time_in_turns

TOLERANCE = 0.05
"""How much longer than the fastest `auto` may take and still be right."""


@dataclass(frozen=True)
class PrecisionCheck:
    """What `auto` chooses, and what each precision takes."""

    auto: ChosenPrecision
    timings: Mapping[str, Timing]
    """By precision, in the bundle's order."""

    @property
    def fastest(self) -> str:
        """The precision of the least median."""
        return min(self.timings, key=self._median_ms)

    @property
    def excess(self) -> float:
        """How much longer than the fastest `auto` takes, by the medians; 0 if it's the fastest."""
        return self._median_ms(self.auto.precision) / self._median_ms(self.fastest) - 1

    @property
    def right(self) -> bool:
        """Whether `auto` is within TOLERANCE of the fastest."""
        return self.excess <= TOLERANCE

    def _median_ms(self, precision: str) -> float:
        return self.timings[precision].summary.p50_ms


def check_precisions(bundle: Bundle, threads: int, target: Target, side_px: int, turns: int) -> PrecisionCheck:
    """Time all of a bundle's models on a square of noise. side_px: packed side. Raises as `Session`, and UsageError."""
    with ExitStack() as stack:
        runs: dict[str, Callable[[], object]] = {}
        for model in bundle.models:
            precision = model.contract.precision
            session = Session.from_bundle(bundle, precision=precision, threads=threads, target=target)
            runs[precision] = on_noise(stack.enter_context(session), side_px)
        timings = dict(zip(runs, time_in_turns([*runs.values()], turns)))
    return PrecisionCheck(choose_precision(bundle, AUTO, target), timings)
