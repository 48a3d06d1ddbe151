"""The emulated CPUs, and the files by which LiteRT recognises them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import CounterError
from lwisp_bench.virtual.kit import EMULATOR, ROOT
from lwisp_bench.virtual.profiles import PROFILES, write_system_files
from lwisp_mobile.errors import UsageError

QEMU_CPUS = {
    "cortex-a53": "cortex-a53",
    "cortex-a72": "cortex-a72",
    "cortex-a76": "cortex-a76",
    "neoverse-n2": "max,sve-max-vq=1,sme=off",
}
"""Profile to -cpu of the counting emulator. That is older than qemu's Neoverse N2: its largest CPU stands in, with
128-bit vectors and without SME, and reports itself to programs as an N2."""

_ROOT_FOLDERS = ("bin", "etc", "lib", "system", "usr")


@dataclass(frozen=True)
class CpuFiles:
    """A CPU as an emulated program sees it."""

    name: str
    qemu_cpu: str
    features: tuple[str, ...]
    """As /proc/cpuinfo lists them."""


def check_cpu(name: str) -> None:
    """Raise UsageError if there is no such CPU."""
    if name not in QEMU_CPUS:
        raise UsageError(f"No CPU {name!r} to count for; there are: {', '.join(QEMU_CPUS)}.")


def lay_out_prefix(name: str, kit: Path, prefix: Path) -> CpuFiles:
    """Make the folder where an emulated program's paths are looked up first: the kit's files, /sys and /proc/cpuinfo.

    It shows one CPU whatever the host has, so that counts are the same everywhere. Raises UsageError on an unknown CPU.
    """
    check_cpu(name)
    prefix.mkdir()
    for folder in _ROOT_FOLDERS:
        (prefix / folder).symlink_to(kit / ROOT / folder)
    write_system_files(prefix / "sys", PROFILES[name], 1)
    text = _cpuinfo(name, kit)
    (prefix / "proc").mkdir()
    (prefix / "proc/cpuinfo").write_text(text)
    features = next(line for line in text.splitlines() if line.startswith("Features"))
    return CpuFiles(name, QEMU_CPUS[name], tuple(features.split(":")[1].split()))


def _cpuinfo(name: str, kit: Path) -> str:
    """The CPU's /proc/cpuinfo, one CPU of it, as the kit's emulator, which models every profile, writes it."""
    command = [str(kit / EMULATOR), "-cpu", name, str(kit / ROOT / "bin/busybox"), "cat", "/proc/cpuinfo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    first = done.stdout.partition("\n\n")[0]
    if done.returncode != 0 or "Features" not in first:
        raise CounterError(f"The emulator doesn't describe {name} ({last_line(done.stderr)}).")
    return first + "\n\n"
