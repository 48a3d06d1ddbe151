"""What a process can read of its machine while measuring: memory, CPUs, clock frequencies, temperatures."""

import os
import re
from pathlib import Path

from lwisp_bench.worker.job import MemoryUse, TracePoint

CPUS = Path("/sys/devices/system/cpu")
THERMAL = Path("/sys/class/thermal")
STATUS = Path("/proc/self/status")
ROLLUP = Path("/proc/self/smaps_rollup")


def resident_bytes() -> int | None:
    """Resident memory now; None where the system doesn't report it."""
    return _kib_of(STATUS, "VmRSS")


def memory_use(before_load_bytes: int | None) -> MemoryUse:
    """Peak resident and proportional memory of this process so far."""
    return MemoryUse(before_load_bytes, _kib_of(STATUS, "VmHWM"), _kib_of(ROLLUP, "Pss"))


def pin(cpus: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Pin this process and its future threads to CPUs. Returns those allowed; None where the system can't say.

    Raises OSError if CPUs are named and the system can't pin.
    """
    if not hasattr(os, "sched_setaffinity"):
        if cpus is not None:
            raise OSError("this system can't pin a process to CPUs; leave --affinity out")
        return None
    if cpus is not None:
        allowed = sorted(os.sched_getaffinity(0))
        try:
            os.sched_setaffinity(0, cpus)
        except OSError as error:
            wanted, found = (",".join(map(str, some)) for some in (cpus, allowed))
            raise OSError(f"this process can't run on CPUs {wanted}; it may run on {found}") from error
    return tuple(sorted(os.sched_getaffinity(0)))


def trace_point(at_s: float) -> TracePoint:
    """Read clock frequencies and temperatures; what can't be read is left out."""
    folders = sorted(CPUS.glob("cpu[0-9]*"), key=lambda folder: int(folder.name[3:]))
    current = [_number(folder / "cpufreq/scaling_cur_freq") for folder in folders]
    cap = [_number(folder / "cpufreq/scaling_max_freq") for folder in folders]
    zones = [_number(zone / "temp") for zone in sorted(THERMAL.glob("thermal_zone*"))]
    return TracePoint(
        at_s=at_s,
        current_khz=tuple(value for value in current if value is not None),
        cap_khz=tuple(value for value in cap if value is not None),
        celsius=tuple(value / 1000 for value in zones if value is not None),
    )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _kib_of(path: Path, name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    except OSError:
        return None
    return None if found is None else int(found.group(1)) * 1024
