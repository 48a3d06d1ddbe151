"""Comparison of latencies: a slower model is detected, an equal one isn't, and differing setups are refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lwisp_bench.cases.setup import Setup
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.latency_comparison import FLOOR_MS, compare_latencies, ratio_interval
from lwisp_bench.results.results_file import Results, write_results
from lwisp_bench.results.summary import judge_stability
from lwisp_mobile.cli.main import main
from tests.bench.synthetic_records import BOARD, COOL, SUBJECT, timed_record

TRIALS = 20


def runs(seed: int, factor: float = 1.0, count: int = 300) -> list[float]:
    """Times of a 10 ms model with correlated noise: each run's is mostly the last one's."""
    rng = np.random.default_rng(seed)
    noise, walls = 0.0, []
    for _ in range(count):
        noise = 0.9 * noise + rng.normal(0, 0.05)
        walls.append(factor * (10 + abs(noise) + rng.exponential(0.1)))
    return walls


def outcome(base: list[float], new: list[float]) -> str:
    (comparison,) = compare_latencies(Results(records=(timed_record(base),)), Results(records=(timed_record(new),)))
    assert comparison.low <= comparison.ratio <= comparison.high
    return comparison.outcome


def test_a_model_slower_by_8_percent_is_always_detected() -> None:
    assert [outcome(runs(i), runs(100 + i, 1.08)) for i in range(TRIALS)] == ["slower"] * TRIALS


def test_an_equal_model_never_raises_an_alarm() -> None:
    found = [outcome(runs(i), runs(100 + i)) for i in range(TRIALS)]
    assert "slower" not in found
    assert found.count("equal") > TRIALS / 2


def test_a_faster_model() -> None:
    assert outcome(runs(1), runs(2, 0.9)) == "faster"


def test_wild_runs_and_few_runs_decide_nothing() -> None:
    rng = np.random.default_rng(0)
    base, new = list(rng.uniform(5, 15, 40)), list(rng.uniform(5.8, 15.8, 40))
    assert outcome(base, new) == "inconclusive"
    assert outcome(base[:19], [2 * wall for wall in base[:19]]) == "inconclusive"


def test_differences_below_the_noise_floor_are_ignored() -> None:
    tiny = [0.1] * 50
    assert outcome(tiny, [wall + 0.9 * FLOOR_MS for wall in tiny]) == "equal"
    assert outcome(tiny, [wall + 2 * FLOOR_MS for wall in tiny]) == "slower"


def test_the_interval_covers_the_truth() -> None:
    covered = [low <= 1.1 <= high for low, high in (ratio_interval(runs(i), runs(50 + i, 1.1)) for i in range(TRIALS))]
    assert sum(covered) >= TRIALS - 3


def test_a_throttled_run_decides_nothing() -> None:
    slow = timed_record(runs(1, 1.5))
    assert slow.measurement is not None
    hot = judge_stability(slow.measurement.worker, COOL, replace(COOL, thermal_status=3), ())
    slow = replace(slow, measurement=replace(slow.measurement, verdict=hot))
    (comparison,) = compare_latencies(Results(records=(timed_record(runs(0)),)), Results(records=(slow,)))
    assert (comparison.outcome, "throttled" in comparison.reason) == ("inconclusive", True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": replace(BOARD, identity="2")}, "the device differs"),
        ({"device": replace(BOARD, kernel="6.2")}, "the system differs"),
        ({"subject": replace(SUBJECT, contract_version=2)}, "the contract differs"),
        ({"subject": replace(SUBJECT, inputs=())}, "no measured case in common"),
        ({"setup": Setup(threads=2)}, "no measured case in common"),
        ({"measurement": None}, "no measured case in common"),
    ],
)
def test_differing_setups_are_refused(changes: dict[str, Any], reason: str) -> None:
    base = Results(records=(timed_record(runs(0)),))
    with pytest.raises(ResultsError, match=reason):
        compare_latencies(base, Results(records=(timed_record(runs(1), **changes),)))


def test_emulated_times_are_not_compared() -> None:
    emulated = timed_record(runs(0), device=replace(BOARD, kind="emulated"), device_kind="emulated")
    with pytest.raises(ResultsError, match="wall time is meaningless"):
        compare_latencies(Results(records=(emulated,)), Results(records=(emulated,)))


def test_the_command_and_its_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {
        "base": timed_record(runs(0)),
        "slow": timed_record(runs(1, 1.08)),
        "other": timed_record(runs(1), subject=replace(SUBJECT, name="o")),
    }
    for name, made in names.items():
        write_results(Results(records=(made,)), tmp_path / f"{name}.json")
    base = str(tmp_path / "base.json")
    assert main(["bench", "compare", base, base]) == 0
    assert main(["bench", "compare", base, str(tmp_path / "slow.json")]) == 1
    printed = capsys.readouterr().out
    assert "equal: " in printed
    assert "slower: " in printed
    assert main(["bench", "compare", base, str(tmp_path / "other.json")]) == 2
