"""Trials of the gate on this machine: models made 8 % heavier, and equal ones, and its verdict on each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.results.file_comparison import REGRESSIONS
from lwisp_bench.results.record import Clock
from lwisp_bench.runners.instructions.counting import CounterKit
from lwisp_bench.studies.ab import AbOptions, count_ab, run_ab
from lwisp_bench.studies.heavier import heavier, pairs, primary, reordered
from lwisp_mobile.tflite.graph import Graph

SHARE = 0.08
"""Multiply-adds added to a model, as a share of its own."""

Kind = Literal["heavier", "equal"]
KINDS: tuple[Kind, ...] = ("heavier", "equal")


@dataclass(frozen=True)
class Trial:
    """One pair of models, and the gate's verdict on it."""

    kind: Kind
    place: str
    """Device or CPU."""
    ratio: float | None
    outcome: str


@dataclass(frozen=True)
class TrialsReport:
    """Every trial, and whether the gate did its job."""

    clock: Clock
    share: float
    trials: tuple[Trial, ...]

    def outcomes(self, kind: Kind) -> dict[str, int]:
        """How often the gate gave each outcome."""
        return dict(Counter(trial.outcome for trial in self.trials if trial.kind == kind))

    @property
    def passed(self) -> bool:
        """Whether no equal model raised an alarm and, by instructions, every heavier one did."""
        alarms = {kind: [trial.outcome in REGRESSIONS for trial in self.trials if trial.kind == kind] for kind in KINDS}
        return not any(alarms["equal"]) and (self.clock == "wall" or all(alarms["heavier"]))


Progress = Callable[[Trial], None]
"""Called after each trial."""
_Judge = Callable[[int, Kind, Subject, Subject], Trial]
"""Of a trial's number and kind, and the two models."""


def count_trials(
    subject: Subject, trials: int, cpus: Sequence[str], kit: CounterKit, progress: Progress
) -> TrialsReport:
    """Trials by instructions, the CPUs taking turns; every model is counted anew."""

    def judge(number: int, kind: Kind, base: Subject, new: Subject) -> Trial:
        cpu = cpus[number % len(cpus)]
        found = count_ab(base, new, cpu, kit)
        return Trial(kind, f"insn:{cpu}", found.ratio, found.outcome)

    return TrialsReport("insn", SHARE, _run(subject, trials, judge, progress))


def time_trials(subject: Subject, trials: int, device: Device, options: AbOptions, progress: Progress) -> TrialsReport:
    """Trials by wall clock, both models interleaved on a device."""

    def judge(_number: int, kind: Kind, base: Subject, new: Subject) -> Trial:
        found = run_ab(device, base, new, Setup(), options).judgement
        return Trial(kind, device.name, found.ratio, found.outcome)

    return TrialsReport("wall", SHARE, _run(subject, trials, judge, progress))


def _run(subject: Subject, trials: int, judge: _Judge, progress: Progress) -> tuple[Trial, ...]:
    graph = primary(Graph.parse(subject.model))
    base = _with_model(subject, graph, "as it is")
    done = []
    for number, kind, model in _models(graph, trials):
        done.append(judge(number, kind, base, _with_model(subject, model, kind)))
        progress(done[-1])
    return tuple(done)


def _models(graph: Graph, trials: int) -> Iterator[tuple[int, Kind, Graph]]:
    """Each trial changes the model in a different place and way."""
    places = pairs(graph)
    for number in range(trials):
        place = places[(number + number // len(places)) % len(places)]  # a different one for each CPU in the next round
        yield number, "heavier", heavier(graph, SHARE, place)
        yield number, "equal", reordered(graph, place, number)


def _with_model(subject: Subject, model: Graph, note: str) -> Subject:
    return replace(subject, model=model.pack(), name=f"{subject.name}, {note}")
