"""A device's state while it measures: temperatures, clock frequencies, battery, load."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lwisp_bench.devices.description import key_values

SCRIPT = r"""
first() { [ -r "$2" ] && read -r value < "$2" 2>/dev/null && printf '%s=%s\n' "$1" "$value"; }
for zone in /sys/class/thermal/thermal_zone*; do
  first "zone.${zone##*zone}.type" $zone/type; first "zone.${zone##*zone}.temp" $zone/temp
done
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
  for name in scaling_governor scaling_cur_freq scaling_max_freq cpuinfo_max_freq; do
    first "cpu.${cpu##*/cpu}.$name" $cpu/cpufreq/$name
  done
done
for supply in /sys/class/power_supply/*; do
  first kind $supply/type
  [ "$value" = Battery ] && for name in temp capacity status; do first "battery.$name" $supply/$name; done
done
if command -v dumpsys >/dev/null; then
  dumpsys battery 2>/dev/null | sed -n -e 's/^ *temperature: */battery.temp=/p' -e 's/^ *level: */battery.capacity=/p'
  dumpsys thermalservice 2>/dev/null | sed -n 's/^Thermal Status: */thermal_status=/p'
fi
first pi_throttled /sys/devices/platform/soc/soc:firmware/get_throttled
command -v vcgencmd >/dev/null && vcgencmd get_throttled 2>/dev/null | sed -n 's/^throttled=/pi_throttled=/p'
first load /proc/loadavg
[ -r /proc/meminfo ] && while read -r name value unit; do
  [ "$name" = MemAvailable: ] && echo "available_kib=$value"
done < /proc/meminfo
true
"""


PI_NOW = {0: "under-voltage", 1: "a capped frequency", 2: "throttling", 3: "the soft temperature limit"}
"""Bits of what vcgencmd get_throttled reports."""
PI_SINCE = 16


@dataclass(frozen=True)
class ThermalZone:
    """One sensor."""

    kind: str
    """As the system names it: cpu-thermal, battery, skin-therm, …"""
    celsius: float


@dataclass(frozen=True)
class CpuClock:
    """One CPU's clock frequency; null where the system doesn't report it."""

    index: int
    governor: str | None
    current_khz: int | None
    cap_khz: int | None
    """Upper limit that the system currently sets."""
    max_khz: int | None
    """Upper limit of the processor."""


@dataclass(frozen=True)
class Battery:
    """The battery; null where the system doesn't report it."""

    celsius: float | None
    level_percent: int | None
    status: str | None
    """Charging, Discharging, Full, …"""


@dataclass(frozen=True)
class Conditions:
    """A device's state at one moment; null where it isn't reported."""

    zones: tuple[ThermalZone, ...]
    clocks: tuple[CpuClock, ...]
    battery: Battery | None
    thermal_status: int | None
    """Android's, 0 (none) to 6 (shutdown)."""
    load_1_min: float | None
    available_bytes: int | None
    pi_throttled: int | None = None
    """A Raspberry Pi firmware's bits: `PI_NOW` says what holds now; 16 bits higher, what held since it was started."""


def read_conditions(output: str) -> Conditions:
    """Build conditions from what SCRIPT printed."""
    facts = key_values(output)
    available_kib = _whole(facts.get("available_kib"))
    load = facts.get("load", "").split()
    return Conditions(
        zones=_zones(facts),
        clocks=tuple(_clock(facts, index) for index in _indices(facts, "cpu")),
        battery=_battery(facts),
        thermal_status=_whole(facts.get("thermal_status")),
        load_1_min=float(load[0]) if load else None,
        available_bytes=None if available_kib is None else available_kib * 1024,
        pi_throttled=_hexadecimal(facts.get("pi_throttled")),
    )


def _zones(facts: Mapping[str, str]) -> tuple[ThermalZone, ...]:
    found = ((facts.get(f"zone.{i}.type"), _whole(facts.get(f"zone.{i}.temp"))) for i in _indices(facts, "zone"))
    return tuple(ThermalZone(kind or "unknown", temp / 1000) for kind, temp in found if temp is not None)


def _clock(facts: Mapping[str, str], index: int) -> CpuClock:
    def khz(name: str) -> int | None:
        return _whole(facts.get(f"cpu.{index}.{name}"))

    governor = facts.get(f"cpu.{index}.scaling_governor")
    return CpuClock(index, governor, khz("scaling_cur_freq"), khz("scaling_max_freq"), khz("cpuinfo_max_freq"))


def _battery(facts: Mapping[str, str]) -> Battery | None:
    tenths, level = _whole(facts.get("battery.temp")), _whole(facts.get("battery.capacity"))
    status = facts.get("battery.status")
    if tenths is None and level is None and status is None:
        return None
    return Battery(None if tenths is None else tenths / 10, level, status)


def _indices(facts: Mapping[str, str], kind: str) -> list[int]:
    found = (re.match(rf"{kind}\.(\d+)\.", key) for key in facts)
    return sorted({int(match.group(1)) for match in found if match})


def _hexadecimal(text: str | None) -> int | None:
    """The Pi's firmware writes 0x50005, and sysfs the same without 0x."""
    return int(text, 16) if text is not None and re.fullmatch(r"(0x)?[0-9a-fA-F]+", text) else None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else None
