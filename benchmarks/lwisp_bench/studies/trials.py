"""Trials of the gate on this machine: models made 8 % heavier, and equal ones, and what the gate says of each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lwisp_bench.devices.base import Device
from lwisp_bench.results.instruction_compare import compare_cost
from lwisp_bench.runners.instructions.counting import Counter as InstructionCounter
from lwisp_bench.runners.instructions.counting import count_instructions
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.studies.ab import Turns, run_ab
from lwisp_bench.studies.heavier import heavier, pairs, primary, reordered
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject
from lwisp_mobile.tflite.graph import Graph

SHARE = 0.08
"""Of the model's multiply-adds that are added."""
ALARMS = ("slower", "costlier")

Kind = Literal["heavier", "equal"]


@dataclass(frozen=True)
class Trial:
    """One pair of models before the gate."""

    kind: Kind
    place: str
    """Device or CPU."""
    ratio: float | None
    outcome: str


@dataclass(frozen=True)
class TrialsReport:
    """Every trial; whether the gate did what it must."""

    clock: Literal["wall", "insn"]
    share: float
    trials: tuple[Trial, ...]

    def outcomes(self, kind: Kind) -> dict[str, int]:
        """How often the gate said what."""
        return dict(Counter(trial.outcome for trial in self.trials if trial.kind == kind))

    @property
    def passed(self) -> bool:
        """No equal model raised an alarm, and, by instructions, every heavier one did."""
        alarms = {kind: [trial.outcome in ALARMS for trial in self.trials if trial.kind == kind] for kind in _KINDS}
        return not any(alarms["equal"]) and (self.clock == "wall" or all(alarms["heavier"]))


_KINDS: tuple[Kind, ...] = ("heavier", "equal")
Told = Callable[[Trial], None]


def count_trials(
    subject: Subject, trials: int, cpus: Sequence[str], counter: InstructionCounter, told: Told
) -> TrialsReport:
    """Trials by instructions, over the CPUs in turn; every model is counted anew."""

    def judge(number: int, kind: Kind, base: Subject, new: Subject) -> Trial:
        cpu = cpus[number % len(cpus)]
        before, after = (count_instructions(one, cpu, counter) for one in (base, new))
        found = compare_cost(f"{kind} {number}", before, after)
        return Trial(kind, f"insn:{cpu}", found.ratio, found.outcome)

    return TrialsReport("insn", SHARE, _run(subject, trials, judge, told))


def time_trials(subject: Subject, trials: int, device: Device, turns: Turns, told: Told) -> TrialsReport:
    """Trials by wall clock, in turns on a device."""

    def judge(_number: int, kind: Kind, base: Subject, new: Subject) -> Trial:
        found = run_ab(device, base, new, setup=Setup(), turns=turns, options=RunOptions()).judgement
        return Trial(kind, device.name, found.ratio, found.outcome)

    return TrialsReport("wall", SHARE, _run(subject, trials, judge, told))


def _run(
    subject: Subject, trials: int, judge: Callable[[int, Kind, Subject, Subject], Trial], told: Told
) -> tuple[Trial, ...]:
    graph = primary(Graph.parse(subject.model))
    base = _with_model(subject, graph, "as it is")
    done = []
    for number, kind, model in _models(graph, trials):
        done.append(judge(number, kind, base, _with_model(subject, model, kind)))
        told(done[-1])
    return tuple(done)


def _models(graph: Graph, trials: int) -> Iterator[tuple[int, Kind, Graph]]:
    """Each trial changes the model at another place, in another way."""
    places = pairs(graph)
    for number in range(trials):
        place = places[(number + number // len(places)) % len(places)]  # another one for each CPU the next time round
        yield number, "heavier", heavier(graph, SHARE, place)
        yield number, "equal", reordered(graph, place, number)


def _with_model(subject: Subject, model: Graph, note: str) -> Subject:
    return replace(subject, model=model.pack(), name=f"{subject.name}, {note}")
