"""A against B: two models interleaved on one device, and whether the second is slower, by a bootstrap over rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lwisp_bench.cases.setup import Setup, choose_cpus
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.gate import GateLimits, GateResult, pass_gate
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.instruction_comparison import InstructionComparison, compare_cost
from lwisp_bench.results.latency_comparison import SEED, Outcome, judge_ratio
from lwisp_bench.results.record import SubjectFacts, subject_facts
from lwisp_bench.runners.instructions.counting import COUNTING_SETUP, CounterKit, InstructionRunner
from lwisp_bench.runners.native.benchmark_model import Launcher, coverage_of, facts_of, launcher, limit_flags
from lwisp_bench.runners.native.tool import Tool
from lwisp_bench.runners.remote_worker import WorkerCall, WorkerOptions, work_folder
from lwisp_bench.worker.job import AbJob, AbModel, AbResult, AbRound, Limits, Request
from lwisp_mobile.errors import UsageError

MIN_ROUNDS = 12
CONFIDENCE = 0.999
"""So strict because a false alarm stops somebody's work; a machine too noisy for it yields `inconclusive`."""
RESAMPLES = 10_000
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Judgement:
    """The verdict of the rounds; null where there were none."""

    base_p50_ms: float | None
    """Median of the rounds' medians."""
    new_p50_ms: float | None
    ratio: float | None
    """Median of the rounds' ratios, new over base."""
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
    after: Conditions
    result: AbResult | None
    """Null if the gate stayed closed."""
    judgement: Judgement


@dataclass(frozen=True)
class AbOptions:
    """How two models are interleaved."""

    rounds: int = 24
    slice_s: float = 0.1
    """How long each model runs in each round."""
    gate: GateLimits | None = GateLimits()  # noqa: RUF009  frozen
    """None: measure whatever the conditions."""
    worker: WorkerOptions = WorkerOptions()  # noqa: RUF009  frozen
    tool: Tool | None = None
    """For setups of the runner `native`; None: LiteRT's prebuilt one."""

    def __post_init__(self) -> None:
        """Refuse too little to judge by."""
        if self.rounds < MIN_ROUNDS or self.slice_s <= 0:
            raise UsageError(f"{self.rounds} rounds of {self.slice_s} s; give {MIN_ROUNDS} rounds or more, over 0 s.")


def run_ab(device: Device, base: Subject, new: Subject, setup: Setup, options: AbOptions) -> AbReport:
    """Interleave both on a device and judge. Raises as `run_worker`; ResultsError on an emulated device."""
    description = device.describe()
    if description.kind == "emulated":
        raise ResultsError(f"{device.name} is emulated: its times are meaningless. Compare with --clock insn.")
    gate = None if options.gate is None else pass_gate(device.conditions, options.gate)
    before, result = device.conditions(), None
    if gate is None or gate.passed:
        take_turns = _launch_in_turns if setup.runner == "native" else _interleave
        result = take_turns(device, base, new, setup, options)
    return AbReport(
        clock="wall",
        device=description,
        setup=setup,
        base=subject_facts(base),
        new=subject_facts(new),
        gate=gate,
        before=before,
        after=device.conditions(),
        result=result,
        judgement=_not_measured(gate) if result is None else judge_rounds(result.rounds),
    )


def count_ab(base: Subject, new: Subject, cpu: str, kit: CounterKit) -> InstructionComparison:
    """Compare both by the instructions that an inference retires on an emulated CPU. Raises as `InstructionRunner`."""
    runner = InstructionRunner(cpu, kit)
    before, after = (runner.measure(subject, COUNTING_SETUP) for subject in (base, new))
    return compare_cost(f"insn:{cpu}: {base.name} to {new.name}", before, after)


def judge_rounds(rounds: Sequence[AbRound]) -> Judgement:
    """Whether the second model is slower, and the rule that decided it. rounds: at least one."""
    base = np.array([np.median(one.base_ms) for one in rounds])
    new = np.array([np.median(one.new_ms) for one in rounds])
    ratios = new / base
    picks = np.random.default_rng(SEED).integers(0, len(ratios), (RESAMPLES, len(ratios)))
    resampled = np.median(ratios[picks], axis=1)
    low, high = (float(value) for value in np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    base_ms, new_ms, ratio = float(np.median(base)), float(np.median(new)), float(np.median(ratios))
    outcome, reason = judge_ratio(new_ms - base_ms, ratio, low, high, "run more rounds, or use a quieter machine")
    return Judgement(base_ms, new_ms, ratio, low, high, outcome, reason)


def _not_measured(gate: GateResult | None) -> Judgement:
    reason = "not measured" if gate is None else f"not measured: {gate.obstacle}"
    return Judgement(None, None, None, None, None, "inconclusive", reason)


def _interleave(device: Device, base: Subject, new: Subject, setup: Setup, options: AbOptions) -> AbResult:
    job = AbJob(
        base=_push(device, base),
        new=_push(device, new),
        threads=setup.threads or 1,
        cpus=choose_cpus(setup.affinity, device.describe()),
        rounds=options.rounds,
        slice_s=options.slice_s,
    )
    with work_folder(device) as folder:
        call = WorkerCall(device, folder, f"{base.name} and {new.name}", options.worker, TIMEOUT_S)
        return call.send(Request(ab=job), AbResult)


def _launch_in_turns(device: Device, base: Subject, new: Subject, setup: Setup, options: AbOptions) -> AbResult:
    """One launch of the native tool per model and round; which goes first alternates."""
    limit_s = options.worker.timeout_s or TIMEOUT_S
    flags = limit_flags(Limits(min_runs=1, min_s=options.slice_s, rule="both"), 1)
    with (
        launcher(device, options.tool, base, setup, limit_s) as one,
        launcher(device, options.tool, new, setup, limit_s) as other,
    ):
        first, second = one.launch(flags), other.launch(flags)  # warm the files' caches; nothing of these is kept
        rounds = tuple(_launch_both(one, other, flags, new_first=number % 2 == 1) for number in range(options.rounds))
        return AbResult(
            runtime=facts_of(one.tool, first),
            cpus=one.cpus,
            base_coverage=coverage_of(one.graph, first)[0],
            new_coverage=coverage_of(other.graph, second)[0],
            rounds=rounds,
        )


def _launch_both(one: Launcher, other: Launcher, flags: Sequence[str], *, new_first: bool) -> AbRound:
    if new_first:
        after = _median_ms(other, flags)
        return AbRound((_median_ms(one, flags),), (after,))
    return AbRound((_median_ms(one, flags),), (_median_ms(other, flags),))


def _median_ms(program: Launcher, flags: Sequence[str]) -> float:
    return program.launch(flags).steady.typical_us / 1e3


def _push(device: Device, subject: Subject) -> AbModel:
    return AbModel(device.push(subject.model), device.push(subject.images[0].npz()), subject.contract is not None)
