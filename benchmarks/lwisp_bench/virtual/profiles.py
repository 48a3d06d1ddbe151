"""CPU profiles of virtual devices, and the files in /sys by which programs recognise them."""

from dataclasses import dataclass
from pathlib import Path

MIN_KHZ = 600_000
IDLE_MILLICELSIUS = 45_000


@dataclass(frozen=True)
class Profile:
    """A CPU as the emulator names it."""

    cpu: str
    max_khz: int


PROFILES = {
    profile.cpu: profile
    for profile in (
        Profile("cortex-a53", 1_400_000),
        Profile("cortex-a72", 1_800_000),
        Profile("cortex-a76", 2_400_000),
        Profile("neoverse-n2", 2_600_000),
    )
}
"""ARMv8.0 without dot products (a53, a72), with SDOT (a76), with SMMLA and SVE2 (n2)."""


def write_system_files(system: Path, profile: Profile, cpus: int) -> None:
    """Write a device's /sys: CPU topology and caches, frequencies, one thermal zone. system: its folder.

    LiteRT reads the topology to choose kernels; without it, it crashes or doesn't apply XNNPACK.
    cpus must be the host's count, which emulated programs see anyway.
    """
    folder = system / "devices/system/cpu"
    every = f"0-{cpus - 1}"
    for name in ("possible", "present", "online"):
        _write(folder / name, every)
    _write(folder / "kernel_max", "255")
    for index in range(cpus):
        _write_cpu(folder / f"cpu{index}", index, every, profile)
    zone = system / "class/thermal/thermal_zone0"
    _write(zone / "type", "cpu-thermal")
    _write(zone / "temp", str(IDLE_MILLICELSIUS))


def _write_cpu(folder: Path, index: int, every: str, profile: Profile) -> None:
    _write(folder / "topology/physical_package_id", "0")
    _write(folder / "topology/core_id", str(index))
    for name in ("core_siblings_list", "package_cpus_list", "cluster_cpus_list"):
        _write(folder / "topology" / name, every)
    for name in ("cpuinfo_max_freq", "scaling_max_freq", "scaling_cur_freq"):
        _write(folder / "cpufreq" / name, str(profile.max_khz))
    _write(folder / "cpufreq/cpuinfo_min_freq", str(MIN_KHZ))
    _write(folder / "cpufreq/scaling_governor", "performance")
    caches = (
        (1, "Data", 64, index),
        (1, "Instruction", 64, index),
        (2, "Unified", 512, index),
        (3, "Unified", 2048, every),
    )
    for place, (level, kind, size_kib, shared) in enumerate(caches):
        cache = folder / f"cache/index{place}"
        _write(cache / "level", str(level))
        _write(cache / "type", kind)
        _write(cache / "size", f"{size_kib}K")
        _write(cache / "shared_cpu_list", str(shared))
        _write(cache / "coherency_line_size", "64")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
