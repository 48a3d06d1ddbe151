"""A device's hardware and system, read once by a shell script that every POSIX shell, busybox and toybox can run."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ARM = ("aarch64", "arm64", "armv7l", "armv8l")
_FEATURES = ("asimd", "neon", "asimddp", "i8mm", "bf16", "sve", "sve2", "avx2", "avx512f", "avx512_vnni", "avx_vnni")
"""Processor features by which LiteRT chooses its kernels."""

DeviceKind = Literal["physical", "emulated", "browser"]

# Lines of `key=value`; a shell without the file leaves the line out. $$ is read from outside, by cat: an emulated
# program sees its own command line as if it weren't emulated, but another's as it is.
SCRIPT = r"""
say() { [ -n "$2" ] && printf '%s=%s\n' "$1" "$2"; }
prop() { command -v getprop >/dev/null && say "$1" "$(getprop "$2")"; }
first() { [ -r "$2" ] && say "$1" "$(head -n 1 "$2" 2>/dev/null)"; }
say system "$(uname -s)"; say kernel "$(uname -r)"; say machine "$(uname -m)"
say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null)"
first model /sys/class/dmi/id/product_name; first model /proc/device-tree/model; prop model ro.product.model
first identity /etc/machine-id; first identity /proc/device-tree/serial-number; prop identity ro.serialno
prop abi ro.product.cpu.abi; prop build ro.build.fingerprint; prop sdk ro.build.version.sdk
prop android_emulator ro.boot.qemu; prop android_emulator ro.kernel.qemu
[ -r /etc/os-release ] && (. /etc/os-release; say os "$PRETTY_NAME")
[ -r /proc/$$/cmdline ] && say interpreter "$(xargs -0 -n 1 echo < /proc/$$/cmdline 2>/dev/null | head -n 1)"
[ -r /proc/meminfo ] && while read -r name value unit; do
  [ "$name" = MemTotal: ] && say memory_kib "$value"
done < /proc/meminfo
grep -m 1 -i -E '^(features|flags)' /proc/cpuinfo 2>/dev/null | sed 's/.*: */features=/'
grep -m 1 -E '^model name' /proc/cpuinfo 2>/dev/null | sed 's/.*: */processor=/'
for folder in /sys/devices/system/cpu/cpu[0-9]*; do
  first "max_khz.${folder##*/cpu}" $folder/cpufreq/cpuinfo_max_freq
  first "capacity.${folder##*/cpu}" $folder/cpu_capacity
done
true
"""


@dataclass(frozen=True)
class Cpu:
    """One logical CPU; null where the system doesn't report it."""

    index: int
    max_khz: int | None
    capacity: int | None
    """The scheduler's relative capacity, 1024 for the largest."""


@dataclass(frozen=True)
class DeviceDescription:
    """A device's hardware and system; null where not reported."""

    name: str
    """As the user named it."""
    kind: DeviceKind
    """`emulated`: instructions are translated, so times are not those of any processor."""
    emulator: str | None
    """The sign by which emulation was recognised."""
    machine: str
    system: str
    kernel: str
    os: str | None
    build: str | None
    """Android's build fingerprint."""
    sdk: str | None
    model: str | None
    processor: str | None
    identity: str | None
    """A hash of the serial number or machine id: tells two equal devices apart without revealing either."""
    abi: str | None
    cpu_count: int | None
    cpus: tuple[Cpu, ...]
    features: tuple[str, ...] | None
    """Those by which LiteRT chooses its kernels."""
    memory_bytes: int | None

    @property
    def is_arm(self) -> bool:
        """Whether the processor is ARM."""
        return self.machine in ARM


def read_description(name: str, output: str) -> DeviceDescription:
    """Build a description from what SCRIPT printed. Later lines of one key win."""
    facts = key_values(output)
    emulator = _emulator(facts)
    memory_kib = _number(facts.get("memory_kib"))
    return DeviceDescription(
        name=name,
        kind="physical" if emulator is None else "emulated",
        emulator=emulator,
        machine=facts.get("machine", "unknown"),
        system=facts.get("system", "unknown"),
        kernel=facts.get("kernel", "unknown"),
        os=facts.get("os"),
        build=facts.get("build"),
        sdk=facts.get("sdk"),
        model=facts.get("model"),
        processor=facts.get("processor"),
        identity=fingerprint(facts.get("identity")),
        abi=facts.get("abi"),
        cpu_count=_number(facts.get("cpus")),
        cpus=_cpus(facts),
        features=_features(facts.get("features")),
        memory_bytes=None if memory_kib is None else memory_kib * 1024,
    )


def key_values(output: str) -> dict[str, str]:
    """Lines of `key=value` as a dict; other lines are left out."""
    pairs = (line.split("=", 1) for line in output.splitlines() if "=" in line)
    return {key: value.strip() for key, value in pairs if value.strip()}


def _emulator(facts: Mapping[str, str]) -> str | None:
    """The sign that instructions are translated; None if there is none."""
    program = facts.get("interpreter", "").rsplit("/", 1)[-1]
    if "qemu" in program or "binfmt" in program:
        return program
    if facts.get("android_emulator") == "1":
        return "Android emulator"
    return "QEMU virtual machine" if facts.get("model") == "linux,dummy-virt" else None


def _cpus(facts: Mapping[str, str]) -> tuple[Cpu, ...]:
    indices = sorted({int(key.split(".")[1]) for key in facts if key.startswith(("max_khz.", "capacity."))})
    return tuple(
        Cpu(index, _number(facts.get(f"max_khz.{index}")), _number(facts.get(f"capacity.{index}"))) for index in indices
    )


def _features(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name for name in _FEATURES if name in text.split())


def fingerprint(text: str | None) -> str | None:
    """A hash that tells devices apart by a serial number, without revealing it."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
