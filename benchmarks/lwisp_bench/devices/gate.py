"""The entry gate: a hot or throttled device isn't measured; the gate waits for it, and gives up after a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lwisp_bench.devices.conditions import Conditions, CpuClock

MAX_CELSIUS = 37.0
"""Of battery and skin; phones start to throttle above it."""
MAX_WAIT_S = 120.0
_BODY = ("battery", "skin")


@dataclass(frozen=True)
class GateLimits:
    """What lets a device pass, and how long the gate waits for that."""

    max_celsius: float = MAX_CELSIUS
    max_wait_s: float = MAX_WAIT_S
    poll_s: float = 5.0


@dataclass(frozen=True)
class GateResult:
    """Whether the device was fit to be measured."""

    passed: bool
    waited_s: float
    obstacle: str | None
    """What kept it closed at the last reading."""


def obstacle(conditions: Conditions, limits: GateLimits) -> str | None:
    """The reason not to measure now; None if no reading gives one."""
    if conditions.thermal_status:
        return f"thermal status is {conditions.thermal_status}, not 0"
    for place, celsius in _body_temperatures(conditions):
        if celsius > limits.max_celsius:
            return f"{place} is at {celsius:.1f} °C, above {limits.max_celsius:.0f}"
    for clock in conditions.clocks:
        if _is_capped(clock):
            return f"CPU {clock.index} is capped at {clock.cap_khz} of {clock.max_khz} kHz"
    return None


def pass_gate(
    read: Callable[[], Conditions],
    limits: GateLimits,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> GateResult:
    """Wait until there is no obstacle or max_wait_s has passed."""
    begin = now()
    while True:
        found, waited_s = obstacle(read(), limits), now() - begin
        if found is None or waited_s >= limits.max_wait_s:
            return GateResult(found is None, waited_s, found)
        sleep(limits.poll_s)


def _body_temperatures(conditions: Conditions) -> list[tuple[str, float]]:
    zones = [(zone.kind, zone.celsius) for zone in conditions.zones if any(word in zone.kind for word in _BODY)]
    battery = conditions.battery
    return zones + ([("the battery", battery.celsius)] if battery is not None and battery.celsius is not None else [])


def _is_capped(clock: CpuClock) -> bool:
    return clock.cap_khz is not None and clock.max_khz is not None and clock.cap_khz < clock.max_khz
