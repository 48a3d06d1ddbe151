"""The entry gate and the verdict: each rule fires on what it is for, and a healthy device passes."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_bench.devices.conditions import Battery, Conditions, CpuClock, ThermalZone
from lwisp_bench.devices.gate import GateLimits, obstacle, pass_gate
from lwisp_bench.results.summary import by_minute, judge, summarise
from lwisp_bench.worker.job import Samples
from tests.bench.made_records import COOL, MAX_KHZ, unsettled, worker_result

UNKNOWN = Conditions(zones=(), clocks=(), battery=None, thermal_status=None, load_1_min=None, available_bytes=None)
STEADY = [10.0, 10.1, 10.2, 10.0, 10.1] * 8


@pytest.mark.parametrize("conditions", [COOL, UNKNOWN])
def test_a_cool_device_and_one_that_tells_nothing_pass(conditions: Conditions) -> None:
    assert obstacle(conditions, GateLimits()) is None


@pytest.mark.parametrize(
    ("conditions", "named"),
    [
        (replace(COOL, battery=Battery(41.5, None, None)), "the battery is at 41.5 °C"),
        (replace(COOL, zones=(ThermalZone("skin-therm", 44.0),)), "skin-therm is at 44.0 °C"),
        (replace(COOL, thermal_status=2), "thermal status is 2"),
        (replace(COOL, clocks=(CpuClock(3, None, None, 1_000_000, MAX_KHZ),)), "CPU 3 is capped at 1000000"),
    ],
)
def test_what_stands_in_the_way_is_named(conditions: Conditions, named: str) -> None:
    assert named in str(obstacle(conditions, GateLimits()))


def test_a_hot_cpu_alone_is_no_obstacle() -> None:
    assert obstacle(replace(COOL, zones=(ThermalZone("cpu-thermal", 80.0),)), GateLimits()) is None


class Clock:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def now(self) -> float:
        return self.now_s


def test_the_gate_waits_until_the_device_has_cooled() -> None:
    hot, clock = replace(COOL, battery=Battery(40.0, None, None)), Clock()
    readings = iter([hot, hot, COOL])
    result, last = pass_gate(lambda: next(readings), GateLimits(poll_s=5), clock.sleep, clock.now)
    assert (result.passed, result.waited_s, last) == (True, 10.0, COOL)


def test_the_gate_gives_up() -> None:
    hot, clock = replace(COOL, battery=Battery(40.0, None, None)), Clock()
    result, _ = pass_gate(lambda: hot, GateLimits(max_wait_s=12, poll_s=5), clock.sleep, clock.now)
    assert not result.passed
    assert result.waited_s == 15.0
    assert "battery" in str(result.obstacle)


def test_percentiles() -> None:
    summary = summarise([float(value) for value in range(101)])
    assert (summary.p50_ms, summary.p90_ms, summary.p95_ms, summary.p99_ms) == (50, 90, 95, 99)
    assert (summary.runs, summary.min_ms, summary.mad_ms) == (101, 0, 25)


def test_minutes_are_cut_where_runs_began_and_a_part_of_one_is_left_out() -> None:
    walls = [1000.0] * 60 + [2000.0] * 30 + [3000.0] * 5
    samples = worker_result(walls).samples
    minutes = by_minute(samples)
    assert [(minute.runs, minute.p50_ms) for minute in minutes] == [(60, 1000.0), (30, 2000.0)]
    assert by_minute(Samples(samples.wall_ms[:60], (), (), samples.start_s[:60])) == ()


def test_steady_runs_are_stable() -> None:
    assert judge(worker_result(STEADY), COOL, COOL, ()).kind == "stable"


@pytest.mark.parametrize(
    ("walls", "rule"),
    [
        (STEADY[:9], "9 runs, under 10"),
        ([10.0, 12.0, 14.0, 8.0, 6.0] * 8, "median absolute deviation"),
        ([10.0] * 20 + [10.6] * 20, "second half's median is 1.06"),
    ],
)
def test_noise_is_named(walls: list[float], rule: str) -> None:
    verdict = judge(worker_result(walls), COOL, COOL, ())
    assert (verdict.kind, rule in verdict.rule) == ("noisy", True), verdict


def test_a_warm_up_that_did_not_settle_is_noise() -> None:
    assert "didn't settle" in judge(unsettled(worker_result(STEADY)), COOL, COOL, ()).rule


def test_a_rare_slow_run_is_no_noise() -> None:
    assert judge(worker_result([*STEADY[:-1], 200.0]), COOL, COOL, ()).kind == "stable"


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
    verdict = judge(result, COOL, replace(COOL, thermal_status=status), ())
    assert (verdict.kind, rule in verdict.rule) == ("throttled", True), verdict


def test_a_last_minute_slower_than_the_first_is_throttling() -> None:
    walls = [float(wall) for wall in np.linspace(500, 700, 400)]
    result = worker_result(walls)
    verdict = judge(result, COOL, COOL, by_minute(result.samples))
    assert verdict.kind == "throttled"
    assert "times the first's" in verdict.rule
