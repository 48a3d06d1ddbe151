"""The entry gate: each rule applies where it should, and a healthy device passes."""

from dataclasses import replace

import pytest

from lwisp_bench.devices.conditions import Battery, Conditions, CpuClock, ThermalZone
from lwisp_bench.devices.gate import GateLimits, obstacle, pass_gate
from lwisp_mobile.errors import UsageError
from tests.bench.synthetic_records import COOL, MAX_KHZ

UNKNOWN = Conditions(zones=(), clocks=(), battery=None, thermal_status=None, load_1_min=None, available_bytes=None)


@pytest.mark.parametrize("conditions", [COOL, UNKNOWN])
def test_a_cool_device_and_one_without_readings_pass(conditions: Conditions) -> None:
    assert obstacle(conditions, GateLimits()) is None


@pytest.mark.parametrize(
    ("conditions", "named"),
    [
        (replace(COOL, battery=Battery(41.5, None, None)), "the battery is at 41.5 °C"),
        (replace(COOL, zones=(ThermalZone("skin-therm", 44.0),)), "skin-therm is at 44.0 °C"),
        (replace(COOL, thermal_status=2), "thermal status is 2"),
        (replace(COOL, pi_throttled=0x50005), "firmware reports under-voltage, throttling"),
    ],
)
def test_obstacles_are_named(conditions: Conditions, named: str) -> None:
    assert named in str(obstacle(conditions, GateLimits()))


def test_a_cap_is_no_obstacle_and_neither_is_what_was_long_ago() -> None:
    capped = replace(COOL, clocks=(CpuClock(3, None, None, 1_000_000, MAX_KHZ),))
    assert obstacle(capped, GateLimits()) is None
    assert obstacle(replace(COOL, pi_throttled=0x50000), GateLimits()) is None


def test_limits_are_the_user_s() -> None:
    warm = replace(COOL, battery=Battery(41.0, None, None))
    assert obstacle(warm, GateLimits(max_celsius=45)) is None
    with pytest.raises(UsageError, match="more than 0 °C"):
        GateLimits(max_celsius=0)


def test_a_hot_cpu_alone_is_no_obstacle() -> None:
    assert obstacle(replace(COOL, zones=(ThermalZone("cpu-thermal", 80.0),)), GateLimits()) is None


class Clock:
    """A clock that only sleep advances."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def now(self) -> float:
        return self.now_s


def test_the_gate_waits_until_the_device_has_cooled() -> None:
    hot, clock = replace(COOL, battery=Battery(40.0, None, None)), Clock()
    readings = iter([hot, hot, COOL])
    result = pass_gate(lambda: next(readings), GateLimits(poll_s=5), clock.sleep, clock.now)
    assert (result.passed, result.waited_s, result.obstacle) == (True, 10.0, None)


def test_the_gate_gives_up() -> None:
    hot, clock = replace(COOL, battery=Battery(40.0, None, None)), Clock()
    result = pass_gate(lambda: hot, GateLimits(max_wait_s=12, poll_s=5), clock.sleep, clock.now)
    assert not result.passed
    assert result.waited_s == 15.0
    assert "battery" in str(result.obstacle)
