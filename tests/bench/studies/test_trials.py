"""Trials of the gate: what it must detect, and when trials pass."""

import pytest

from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.runners.instructions.counting import CounterKit
from lwisp_bench.studies.trials import Trial, TrialsReport, count_trials


@pytest.mark.slow
def test_instructions_reveal_a_heavier_model_and_pass_an_equal_one(counter: CounterKit) -> None:
    # `lwisp bench trials --clock insn` does it 20 times, on four CPUs.
    subject = bundle_subject("lwisp", "int8", 16, ())
    report = count_trials(subject, 1, ("cortex-a76",), counter, lambda trial: None)
    assert [trial.outcome for trial in report.trials] == ["costlier", "equal"]
    assert report.passed
    (heavy, equal) = (trial.ratio for trial in report.trials)
    assert heavy is not None
    assert 1.04 < heavy < 1.12
    assert equal == pytest.approx(1, abs=0.0005)


@pytest.mark.parametrize(
    ("clock", "outcomes", "passed"),
    [
        ("insn", ("costlier", "equal"), True),
        ("insn", ("equal", "equal"), False),
        ("insn", ("costlier", "costlier"), False),
        ("wall", ("inconclusive", "inconclusive"), True),
        ("wall", ("slower", "slower"), False),
    ],
)
def test_when_trials_pass(clock: str, outcomes: tuple[str, str], passed: bool) -> None:
    trials = (Trial("heavier", "local", 1.08, outcomes[0]), Trial("equal", "local", 1.0, outcomes[1]))
    assert TrialsReport(clock, 0.08, trials).passed is passed
