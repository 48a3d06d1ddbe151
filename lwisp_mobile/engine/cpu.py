"""What the system says of this machine's CPU: whether it multiplies 8-bit integers by dot-product instructions.

With one, XNNPACK does four or more 8-bit multiply-adds where it does one in float; without, INT8 widens each product
and is no faster than float.
"""

import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
SYSCTL = ("/usr/sbin/sysctl", "hw.optional.arm", "machdep.cpu.leaf7_features")
_TIMEOUT_S = 5

_LINUX = {
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX-VNNI",
    "asimddp": "SDOT",
    "i8mm": "SMMLA",
}
"""Names in /proc/cpuinfo, x86's under `flags`, Arm's under `Features`, and in words."""
_MACOS = {
    "AVX512VNNI": "AVX-512 VNNI",
    "hw.optional.arm.FEAT_DotProd": "SDOT",
    "hw.optional.arm.FEAT_I8MM": "SMMLA",
}


def find_dot_products() -> tuple[str, ...] | None:
    """Names of this CPU's dot-product instructions of 8-bit integers; None where the system doesn't tell."""
    readers: dict[str, Callable[[], tuple[str, ...] | None]] = {"linux": _read_linux, "darwin": _read_macos}
    reader = readers.get(sys.platform)
    return reader() if reader else None


def parse_cpuinfo(text: str) -> tuple[str, ...] | None:
    """Those that every processor of a /proc/cpuinfo has; None if it lists no processor's features."""
    lines = [line.partition(":") for line in text.splitlines()]
    processors = [set(value.split()) for key, _, value in lines if key.strip() in ("flags", "Features")]
    return _named(_LINUX, set.intersection(*processors)) if processors else None


def parse_sysctl(text: str) -> tuple[str, ...] | None:
    """Those that macOS's sysctl reports, as `NAME: 1` or in a list of features; None if it reports nothing."""
    lines = [line.partition(": ") for line in text.splitlines()]
    found = {key for key, _, value in lines if value.strip() == "1"}
    found.update(name for key, _, value in lines if key.endswith("_features") for name in value.split())
    return _named(_MACOS, found) if lines else None


def _named(names: dict[str, str], found: Collection[str]) -> tuple[str, ...]:
    return tuple(words for name, words in names.items() if name in found)


def _read_linux() -> tuple[str, ...] | None:
    try:
        return parse_cpuinfo(CPUINFO.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def _read_macos() -> tuple[str, ...] | None:
    try:
        # Its exit status is 1 where one of the names is unknown, as Arm's are on Intel.
        done = subprocess.run(SYSCTL, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_sysctl(done.stdout)
