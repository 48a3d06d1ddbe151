"""Comparison of latencies: whether the new results are slower, as far as the samples can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Measurement, Record
from lwisp_bench.results.results_file import Results
from lwisp_bench.results.summary import median_ms
from lwisp_bench.worker.job import WorkerResult

REGRESSION = 0.05
FLOOR_MS = 0.05
"""Smaller differences are noise of clock and scheduler."""
CONFIDENCE = 0.99
RESAMPLES = 1000
MAX_BLOCK = 10
"""Neighbouring runs are correlated; resampling them in blocks keeps that in the interval."""
MIN_BLOCKS = 20
MIN_RUNS = 20
SEED = 0

Outcome = Literal["slower", "faster", "equal", "inconclusive"]


@dataclass(frozen=True)
class LatencyComparison:
    """One case of both files."""

    case: str
    base_p50_ms: float
    new_p50_ms: float
    ratio: float
    """New median over base median."""
    low: float
    high: float
    """Bootstrap interval of the ratio."""
    outcome: Outcome
    reason: str


def compare_latencies(base: Results, new: Results) -> tuple[LatencyComparison, ...]:
    """Compare every measured case of both files.

    Cases match by model name, inputs, device name and setup. Raises ResultsError if none matches, or if one was
    measured on another device, by another engine or delegate, with another contract, or under emulation, where wall
    time is meaningless.
    """
    bases = {_key(record): record for record in base.records if record.measurement is not None}
    pairs = [(bases[_key(record)], record) for record in new.records if record.measurement and _key(record) in bases]
    if not pairs:
        raise ResultsError("The files have no measured case in common (model name, inputs, device, setup).")
    return tuple(_compare(old, record) for old, record in pairs)


def ratio_interval(base_ms: Sequence[float], new_ms: Sequence[float]) -> tuple[float, float]:
    """Bootstrap interval (CONFIDENCE) of the ratio of medians, new over base, by blocks of neighbouring runs."""
    rng = np.random.default_rng(SEED)
    ratios = _resampled_medians(new_ms, rng) / _resampled_medians(base_ms, rng)
    low, high = np.quantile(ratios, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _compare(old: Record, new: Record) -> LatencyComparison:
    _check_alike(old, new)
    before, after = _measurement(old), _measurement(new)
    base_ms, new_ms = median_ms(before.summary), median_ms(after.summary)
    low, high = ratio_interval(before.worker.samples.wall_ms, after.worker.samples.wall_ms)
    ratio = new_ms / base_ms
    outcome, reason = _outcome(before, after, ratio, low, high)
    return LatencyComparison(_case(new), base_ms, new_ms, ratio, low, high, outcome, reason)


def _outcome(before: Measurement, after: Measurement, ratio: float, low: float, high: float) -> tuple[Outcome, str]:
    doubt = _doubt(before, after)
    if doubt is not None:
        return "inconclusive", doubt
    difference_ms = median_ms(after.summary) - median_ms(before.summary)
    return judge_ratio(difference_ms, ratio, low, high, "measure longer, on a quieter machine")


def judge_ratio(difference_ms: float, ratio: float, low: float, high: float, advice: str) -> tuple[Outcome, str]:
    """The outcome for a ratio of medians with its interval, and the rule behind it. advice: given if inconclusive."""
    limit = f"{100 * REGRESSION:.0f} %"
    if abs(difference_ms) < FLOOR_MS:
        return "equal", f"the medians differ by less than {FLOOR_MS} ms"
    if ratio > 1 + REGRESSION and low > 1:
        return "slower", f"over {limit} slower, and the interval is above 1"
    if ratio < 1 / (1 + REGRESSION) and high < 1:
        return "faster", f"over {limit} faster, and the interval is below 1"
    if high <= 1 + REGRESSION:
        return "equal", f"the interval ends below +{limit}"
    return "inconclusive", f"the interval includes both no change and a regression; {advice}"


def _doubt(before: Measurement, after: Measurement) -> str | None:
    """What makes the samples unfit for a comparison; None if nothing does."""
    for name, measurement in (("base", before), ("new", after)):
        if measurement.verdict.kind == "throttled":
            return f"the {name} run was throttled: {measurement.verdict.rule}"
    if min(before.summary.runs, after.summary.runs) < MIN_RUNS:
        return f"{before.summary.runs} and {after.summary.runs} runs; at least {MIN_RUNS} are needed"
    return None


def _resampled_medians(samples_ms: Sequence[float], rng: np.random.Generator) -> NDArray[np.float64]:
    samples = np.asarray(samples_ms, np.float64)
    block = max(1, min(MAX_BLOCK, len(samples) // MIN_BLOCKS))
    count = -(-len(samples) // block)
    blocks = np.lib.stride_tricks.sliding_window_view(samples, block)
    # One at a time: all resamples of a sustained run would take too much memory.
    medians = (np.median(blocks[rng.integers(0, len(blocks), count)]) for _ in range(RESAMPLES))
    return np.fromiter(medians, np.float64, RESAMPLES)


def _check_alike(old: Record, new: Record) -> None:
    """Raise ResultsError, naming the first difference that rules a comparison out."""
    for what, before, after in _facts(old, new):
        if before != after:
            raise ResultsError(f"{_case(new)}: {what} differs ({before} and {after}). Measure both the same way.")
    for record in (old, new):
        if not _measurement(record).worker.samples.wall_ms:
            raise ResultsError(f"{_case(record)}: its runner kept no samples, so noise can't be told from a change.")
    if new.device_kind == "emulated":
        raise ResultsError(f"{_case(new)} ran on an emulated device, where wall time is meaningless.")


def _facts(old: Record, new: Record) -> tuple[tuple[str, object, object], ...]:
    before, after = _measurement(old).worker, _measurement(new).worker
    return (
        ("the clock", old.clock, new.clock),
        ("the device", _device(old), _device(new)),
        ("the system", (old.device.kernel, old.device.build), (new.device.kernel, new.device.build)),
        ("the contract", old.subject.contract_version, new.subject.contract_version),
        ("the runtime", before.runtime, after.runtime),
        ("the set of CPUs", before.cpus, after.cpus),
        ("full delegation", _fully_delegated(before), _fully_delegated(after)),
    )


def _fully_delegated(worker: WorkerResult) -> bool | None:
    return None if worker.coverage is None else worker.coverage.undelegated == ()


def _device(record: Record) -> tuple[object, ...]:
    return (record.device.kind, record.device.model, record.device.machine, record.device.identity)


def _key(record: Record) -> tuple[object, ...]:
    return (record.subject.name, record.subject.inputs, record.device.name, record.setup)


def _case(record: Record) -> str:
    return f"{record.device.name}: {record.subject.name}, {record.setup.threads} threads"


def _measurement(record: Record) -> Measurement:
    if record.measurement is None:
        raise ResultsError(f"{_case(record)} has no measurement to compare.")
    return record.measurement
