"""Percentiles, minutes, and the verdict: each rule applies where it should, and steady runs are stable."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_bench.results.summary import judge_stability, per_minute, summarise
from lwisp_bench.worker.job import Samples
from tests.bench.synthetic_records import COOL, MAX_KHZ, unsettled, worker_result

STEADY = [10.0, 10.1, 10.2, 10.0, 10.1] * 8


def test_a_raspberry_pi_that_throttled_in_between_is_throttled() -> None:
    result = worker_result(STEADY)
    before, after = replace(COOL, pi_throttled=0x10000), replace(COOL, pi_throttled=0x50000)
    verdict = judge_stability(result, before, after, ())
    assert (verdict.kind, "reported throttling" in verdict.rule) == ("throttled", True)
    assert judge_stability(result, before, before, ()).kind == "stable"


def test_percentiles() -> None:
    summary = summarise([float(value) for value in range(101)])
    assert (summary.p50_ms, summary.p90_ms, summary.p95_ms, summary.p99_ms) == (50, 90, 95, 99)
    assert (summary.runs, summary.min_ms, summary.mad_ms) == (101, 0, 25)


def test_runs_belong_to_the_minute_in_which_they_began_and_partial_minutes_are_dropped() -> None:
    walls = [1000.0] * 60 + [2000.0] * 30 + [3000.0] * 5
    samples = worker_result(walls).samples
    minutes = per_minute(samples)
    assert [(minute.runs, minute.p50_ms) for minute in minutes] == [(60, 1000.0), (30, 2000.0)]
    assert per_minute(Samples(samples.wall_ms[:60], (), (), samples.start_s[:60])) == ()


def test_steady_runs_are_stable() -> None:
    assert judge_stability(worker_result(STEADY), COOL, COOL, ()).kind == "stable"


@pytest.mark.parametrize(
    ("walls", "rule"),
    [
        (STEADY[:9], "9 runs, under 10"),
        ([10.0, 12.0, 14.0, 8.0, 6.0] * 8, "median absolute deviation"),
        ([10.0] * 20 + [10.6] * 20, "second half's median is 1.06"),
    ],
)
def test_noise_is_named(walls: list[float], rule: str) -> None:
    verdict = judge_stability(worker_result(walls), COOL, COOL, ())
    assert (verdict.kind, rule in verdict.rule) == ("noisy", True), verdict


def test_a_warm_up_that_did_not_settle_is_noise() -> None:
    assert "didn't settle" in judge_stability(unsettled(worker_result(STEADY)), COOL, COOL, ()).rule


def test_a_rare_slow_run_is_not_noise() -> None:
    assert judge_stability(worker_result([*STEADY[:-1], 200.0]), COOL, COOL, ()).kind == "stable"


@pytest.mark.parametrize(
    ("clocks", "caps", "status", "rule"),
    [
        ([MAX_KHZ] * 8, [MAX_KHZ] * 4 + [1_800_000] * 4, 0, "capped a CPU at 1800000 kHz"),
        ([MAX_KHZ] * 4 + [1_000_000] * 4, None, 0, "clock fell from 2400000 to 1000000"),
        (None, None, 3, "thermal status rose to 3"),
    ],
)
def test_throttling_is_named_before_noise(
    clocks: list[int] | None, caps: list[int] | None, status: int, rule: str
) -> None:
    result = worker_result([10.0] * 20 + [30.0] * 20, clocks, caps)
    verdict = judge_stability(result, COOL, replace(COOL, thermal_status=status), ())
    assert (verdict.kind, rule in verdict.rule) == ("throttled", True), verdict


def test_a_last_minute_slower_than_the_first_is_throttling() -> None:
    walls = [float(wall) for wall in np.linspace(500, 700, 400)]
    result = worker_result(walls)
    verdict = judge_stability(result, COOL, COOL, per_minute(result.samples))
    assert verdict.kind == "throttled"
    assert "times the first's" in verdict.rule
