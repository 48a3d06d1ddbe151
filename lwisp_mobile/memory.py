"""Memory: what there is, and a budget as a user writes it."""

import ctypes
import re
import sys
from pathlib import Path

from lwisp_mobile.errors import UsageError

MEMINFO = Path("/proc/meminfo")
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where the system doesn't tell (not Linux)."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def trim_heap() -> None:
    """Have the C library return freed memory to the system now; nothing where it can't (other than glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def parse_bytes(text: str) -> int:
    """A size such as 400MB, 1.5GB or 512MiB in bytes. Raises UsageError on anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMG]?I?B)", text.strip().upper())
    if match is None or match[2] not in _UNITS:
        raise UsageError(f"The size {text!r} isn't known; write it as 400MB, 1.5GB or 512MiB.")
    return int(float(match[1]) * _UNITS[match[2]])
