"""The entry gate: a hot or throttled device isn't measured; the gate waits for it, and gives up after a while.

A capped clock frequency is no obstacle: many vendors cap it for good. It's recorded, and the terminal says so.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lwisp_bench.devices.conditions import PI_NOW, Conditions
from lwisp_mobile.errors import UsageError

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

    def __post_init__(self) -> None:
        """Refuse limits that no device can meet."""
        if not self.max_celsius > 0 or not self.max_wait_s >= 0:
            raise UsageError(
                f"A gate of {self.max_celsius} °C and {self.max_wait_s} s; give more than 0 °C, 0 s or more."
            )


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
    holding = [name for bit, name in PI_NOW.items() if (conditions.pi_throttled or 0) >> bit & 1]
    return f"the Raspberry Pi's firmware reports {', '.join(holding)}" if holding else None


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
