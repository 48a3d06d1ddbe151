"""A against B: the judgement of rounds, and real interleaved runs on this host."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.errors import ResultsError, WorkerError
from lwisp_bench.studies.ab import AbOptions, judge_rounds, run_ab
from lwisp_bench.worker.job import AbRound
from lwisp_mobile.cli.main import main
from tests.bench.faulty_transport import FaultyTransport
from tests.bench.local import add_subject, write_subject
from tests.bench.small_models import add_model

SHORT = AbOptions(12, 0.01, gate=None)
TRIALS = 20


def rounds(seed: int, factor: float, noise: float, count: int = 24) -> list[AbRound]:
    """Rounds of a 10 ms model on a machine whose speed changes from slice to slice."""
    rng = np.random.default_rng(seed)

    def one(scale: float) -> tuple[float, ...]:
        return tuple(scale * 10 * np.exp(abs(rng.normal(0, noise))) * (1 + rng.exponential(0.01, 8)))

    return [AbRound(one(1), one(factor)) for _ in range(count)]


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


def test_false_alarms_are_rare_on_noisy_machines() -> None:
    found = [
        judge_rounds(rounds(seed, 1.0, noise)).outcome
        for noise in (0.1, 0.3, 1.0)
        for seed in range(TRIALS, 3 * TRIALS)
    ]
    assert found.count("slower") <= 1


def test_two_models_interleaved_on_this_host(host: Device) -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    report = run_ab(host, subject, subject, Setup(), SHORT)
    assert report.judgement.outcome in ("equal", "inconclusive")
    assert report.result is not None
    assert len(report.result.rounds) == 12
    assert all(one.base_ms and one.new_ms for one in report.result.rounds)
    assert report.result.base_coverage.undelegated == report.result.new_coverage.undelegated == ()


def test_twice_the_work_is_slower(host: Device, tmp_path: Path) -> None:
    base, new = (
        write_subject(tmp_path, add_model("float32", (1, side, side, 32)), f"{side}.tflite") for side in (128, 192)
    )
    report = run_ab(host, base, new, Setup(), SHORT)
    assert report.judgement.outcome in ("slower", "inconclusive")
    assert report.judgement.ratio is not None
    assert report.judgement.ratio > 1.3


def test_a_refused_model_is_named(host: Device, tmp_path: Path) -> None:
    bad = write_subject(tmp_path, add_model("int8", (1, 4), operator=3), "bad.tflite")
    with pytest.raises(WorkerError, match=r"bad\.tflite and bad\.tflite"):
        run_ab(host, bad, bad, Setup(), SHORT)


def test_a_closed_gate_is_inconclusive(host: Device, tmp_path: Path) -> None:
    subject, options = add_subject(tmp_path), replace(SHORT, gate=GateLimits(max_wait_s=0))
    with Device(FaultyTransport(answer="battery.temp=480\n")) as device:
        report = run_ab(device, subject, subject, Setup(), options)
    assert (report.judgement.outcome, report.result) == ("inconclusive", None)
    assert "the battery is at 48.0 °C" in report.judgement.reason


def test_an_emulated_device_is_refused(tmp_path: Path) -> None:
    subject, phone = add_subject(tmp_path), FaultyTransport(answer="machine=aarch64\nandroid_emulator=1\n")
    with Device(phone) as device, pytest.raises(ResultsError, match="--clock insn"):
        run_ab(device, subject, subject, Setup(), SHORT)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(tmp_path / "add.tflite")
    Path(model).write_bytes(add_model("int8", (1, 16, 16, 4)))
    assert main(["bench", "ab", model, model, "--rounds", "12", "--seconds", "0.005"]) in (0, 3)
    assert "12 rounds" in capsys.readouterr().out
    assert main(["bench", "ab", model, model, "--rounds", "12", "--seconds", "0.005", "--json"]) in (0, 3)
    assert len(json.loads(capsys.readouterr().out)["result"]["rounds"]) == 12
    assert main(["bench", "ab", model, model, "--rounds", "2"]) == 2
    assert "give 12 rounds or more" in capsys.readouterr().err
