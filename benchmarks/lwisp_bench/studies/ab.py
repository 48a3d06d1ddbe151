"""Two models in turns on one device, and whether the second is slower: a bootstrap over the rounds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.gate import GateResult, pass_gate
from lwisp_bench.errors import ResultsError, WorkerError
from lwisp_bench.results.compare import SEED, Outcome, judge
from lwisp_bench.results.record import SubjectFacts, subject_facts
from lwisp_bench.runners.python_worker import RunOptions, carry_out, tidy
from lwisp_bench.suite.setups import Setup, choose_cpus
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.worker.job import DuelJob, DuelResult, DuelRound, Entrant, Order
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.from_dict import from_dict

ROUNDS = 24
SLICE_S = 0.1
MIN_ROUNDS = 12
CONFIDENCE = 0.999
"""So strict because an alarm stops somebody's work; a machine too noisy for it gets `inconclusive`."""
RESAMPLES = 10_000
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Judgement:
    """What the rounds say; null where there were none."""

    base_p50_ms: float | None
    """Median over the rounds' medians."""
    new_p50_ms: float | None
    ratio: float | None
    """Median over the rounds of new over base."""
    low: float | None
    high: float | None
    """Bootstrap interval of the ratio."""
    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class AbReport:
    """A against B, with every sample."""

    clock: Literal["wall"]
    device: DeviceDescription
    setup: Setup
    base: SubjectFacts
    new: SubjectFacts
    gate: GateResult | None
    before: Conditions
    after: Conditions | None
    duel: DuelResult | None
    """Null if the device was too hot to be measured."""
    judgement: Judgement


@dataclass(frozen=True)
class Turns:
    """How long two models take turns."""

    rounds: int = ROUNDS
    slice_s: float = SLICE_S

    def __post_init__(self) -> None:
        """Refuse what can't tell anything."""
        if self.rounds < MIN_ROUNDS or self.slice_s <= 0:
            raise UsageError(f"{self.rounds} rounds of {self.slice_s} s; give {MIN_ROUNDS} rounds or more, over 0 s.")


def run_ab(device: Device, base: Subject, new: Subject, *, setup: Setup, turns: Turns, options: RunOptions) -> AbReport:
    """Run both in turns on a device and judge. Raises as `run_worker`; ResultsError on an emulated device."""
    description = device.describe()
    if description.kind == "emulated":
        raise ResultsError(f"{device.name} is emulated: its times mean nothing. Compare with --clock insn.")
    gate, before = (None, device.conditions()) if options.gate is None else pass_gate(device.conditions, options.gate)
    duel = after = None
    judged = Judgement(None, None, None, None, None, "inconclusive", "not measured")
    if gate is None or gate.passed:
        duel = _duel(device, base, new, setup=setup, turns=turns, options=options)
        after, judged = device.conditions(), judge_rounds(duel.rounds)
    elif gate.obstacle is not None:
        judged = replace(judged, reason=f"not measured: {gate.obstacle}")
    facts = subject_facts(base), subject_facts(new)
    return AbReport("wall", description, setup, *facts, gate, before, after, duel, judged)


def judge_rounds(rounds: Sequence[DuelRound]) -> Judgement:
    """Whether the second model is slower, and the rule that decided it. rounds: at least one."""
    base = np.array([np.median(one.base_ms) for one in rounds])
    new = np.array([np.median(one.new_ms) for one in rounds])
    ratios = new / base
    picks = np.random.default_rng(SEED).integers(0, len(ratios), (RESAMPLES, len(ratios)))
    resampled = np.median(ratios[picks], axis=1)
    low, high = (float(value) for value in np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    base_ms, new_ms, ratio = float(np.median(base)), float(np.median(new)), float(np.median(ratios))
    outcome, reason = judge(new_ms - base_ms, ratio, low, high, "more rounds, or a quieter machine")
    return Judgement(base_ms, new_ms, ratio, low, high, outcome, reason)


def _duel(
    device: Device, base: Subject, new: Subject, *, setup: Setup, turns: Turns, options: RunOptions
) -> DuelResult:
    entrants = [
        Entrant(device.push(one.model), device.push(one.images[0].npz()), one.contract is not None)
        for one in (base, new)
    ]
    cpus = choose_cpus(setup.affinity, device.describe())
    job = DuelJob(entrants[0], entrants[1], setup.threads or 1, cpus, turns.rounds, turns.slice_s)
    folder = device.work_folder()
    try:
        name = f"{base.name} and {new.name}"
        order, timeout_s = Order("duel", duel=job), options.timeout_s or TIMEOUT_S
        done = carry_out(order, device, name, options, folder=folder, timeout_s=timeout_s)
    finally:
        tidy(device, folder)
    return from_dict(DuelResult, json.loads(done), "result.json", WorkerError)
