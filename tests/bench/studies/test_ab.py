"""A against B: models made heavier by known amounts, the judgement of rounds, and real turns on this host."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import ResultsError, WorkerError
from lwisp_bench.runners.instructions.counting import Counter
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.studies.ab import Turns, judge_rounds, run_ab
from lwisp_bench.studies.heavier import heavier, pairs, primary, reordered
from lwisp_bench.studies.trials import Trial, TrialsReport, count_trials
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import bundle_subject, file_subject
from lwisp_bench.worker.job import DuelRound
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.tflite.graph import Graph
from tests.bench.made_records import COOL
from tests.bench.other_models import add_model

SHORT = Turns(12, 0.01)
OPTIONS = RunOptions(gate=None)
TRIALS = 20


@pytest.fixture(scope="module")
def student() -> bytes:
    return shipped_bundle().read("int8")


@pytest.fixture
def host() -> Iterator[Device]:
    with Device(LocalTransport()) as device:
        yield device


def outputs(model: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=model, num_threads=1)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, (1, 16, 16, 4))
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, np.random.default_rng(0).integers(-128, 128, (1, 16, 16, 4)).astype(np.int8))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_heavier_model_costs_what_it_says_and_computes_the_same(student: bytes, place: int) -> None:
    graph = Graph.parse(student)
    pair = pairs(graph)[place]
    models = (primary(graph), heavier(graph, 0.08, pair), reordered(graph, pair, 1))
    base, heavy, other = (model.pack() for model in models)
    macs = inspect_tflite(base).macs
    assert inspect_tflite(heavy).macs / macs == pytest.approx(1.08, abs=0.005)
    assert inspect_tflite(other).macs == macs
    assert other != base
    assert all(np.array_equal(outputs(model), outputs(student)) for model in (base, heavy, other))


def test_a_share_under_one_channel_is_refused(student: bytes) -> None:
    with pytest.raises(UsageError, match="One channel costs more"):
        heavier(Graph.parse(student), 0.0001, pairs(Graph.parse(student))[0])


def test_a_model_without_such_places_has_none() -> None:
    assert pairs(Graph.parse(add_model("int8", (1, 4)))) == ()


def rounds(seed: int, factor: float, noise: float, count: int = 24) -> list[DuelRound]:
    """Rounds of a model of 10 ms on a machine whose mood changes from slice to slice."""
    rng = np.random.default_rng(seed)

    def one(scale: float) -> tuple[float, ...]:
        return tuple(scale * 10 * np.exp(abs(rng.normal(0, noise))) * (1 + rng.exponential(0.01, 8)))

    return [DuelRound(one(1), one(factor)) for _ in range(count)]


@pytest.mark.parametrize(
    ("factor", "noise", "expected"),
    [
        (1.08, 0.02, {"slower"}),
        (1.0, 0.02, {"equal"}),
        (0.9, 0.02, {"faster"}),
        (1.0, 0.5, {"equal", "inconclusive"}),
        (1.08, 0.5, {"slower", "equal", "inconclusive"}),
    ],
)
def test_judgement(factor: float, noise: float, expected: set[str]) -> None:
    found = [judge_rounds(rounds(seed, factor, noise)) for seed in range(TRIALS)]
    assert {one.outcome for one in found} <= expected
    assert all(one.low <= one.ratio <= one.high for one in found)


def test_false_alarms_are_rare_on_wild_machines() -> None:
    found = [
        judge_rounds(rounds(seed, 1.0, noise)).outcome
        for noise in (0.1, 0.3, 1.0)
        for seed in range(TRIALS, 3 * TRIALS)
    ]
    assert found.count("slower") <= 1


def test_two_models_in_turns_on_this_host(host: Device) -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    report = run_ab(host, subject, subject, setup=Setup(), turns=SHORT, options=OPTIONS)
    assert report.judgement.outcome in ("equal", "inconclusive")
    assert report.duel is not None
    assert len(report.duel.rounds) == 12
    assert all(one.base_ms and one.new_ms for one in report.duel.rounds)
    assert report.duel.base_coverage.undelegated == report.duel.new_coverage.undelegated == ()


def test_twice_the_work_is_slower(host: Device, tmp_path: Path) -> None:
    for side in (128, 192):
        (tmp_path / f"{side}.tflite").write_bytes(add_model("float32", (1, side, side, 32)))
    base, new = (file_subject(tmp_path / f"{side}.tflite", {}) for side in (128, 192))
    report = run_ab(host, base, new, setup=Setup(), turns=SHORT, options=OPTIONS)
    assert report.judgement.outcome in ("slower", "inconclusive")
    assert report.judgement.ratio is not None
    assert report.judgement.ratio > 1.3


def test_what_can_not_be_judged_is_said(host: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.tflite").write_bytes(add_model("int8", (1, 4), operator=3))
    bad = file_subject(tmp_path / "bad.tflite", {})
    with pytest.raises(WorkerError, match=r"bad\.tflite and bad\.tflite"):
        run_ab(host, bad, bad, setup=Setup(), turns=SHORT, options=OPTIONS)
    monkeypatch.setattr(host, "conditions", lambda: replace(COOL, thermal_status=3))
    report = run_ab(host, bad, bad, setup=Setup(), turns=SHORT, options=RunOptions(gate=GateLimits(max_wait_s=0)))
    assert (report.judgement.outcome, report.duel) == ("inconclusive", None)
    assert "thermal status is 3" in report.judgement.reason
    host._description = replace(host.describe(), kind="emulated")
    with pytest.raises(ResultsError, match="--clock insn"):
        run_ab(host, bad, bad, setup=Setup(), turns=SHORT, options=OPTIONS)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(tmp_path / "add.tflite")
    Path(model).write_bytes(add_model("int8", (1, 16, 16, 4)))
    assert main(["bench", "ab", model, model, "--rounds", "12", "--seconds", "0.005"]) in (0, 3)
    assert "12 rounds" in capsys.readouterr().out
    assert main(["bench", "ab", model, model, "--rounds", "12", "--seconds", "0.005", "--json"]) in (0, 3)
    assert len(json.loads(capsys.readouterr().out)["duel"]["rounds"]) == 12
    assert main(["bench", "ab", model, model, "--rounds", "2"]) == 2
    assert "give 12 rounds or more" in capsys.readouterr().err


def test_a_heavier_model_is_caught_by_instructions_and_an_equal_one_is_not(counter: Counter) -> None:
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
