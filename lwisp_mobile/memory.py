"""Memory: what frames take, measured; what there is; and a budget as a user writes it."""

import ctypes
import re
import sys
from pathlib import Path

from lwisp_mobile.errors import UsageError

MEMINFO = Path("/proc/meminfo")
BYTES_PER_PACKED_PX = {"int8": 1400, "fp16": 1850, "float32": 1850}
"""Peak growth of the process over one run of "serving_default", per px of its input, measured at 512x512 to 1536x1536
packed px on LiteRT 2.3 (x86-64)."""
_FLOAT = {"context": 600, "develop": 1860, "enter": 510, "descend": 310, "down": 160, "deep": 70}
_FLOAT |= {"rise": 130, "up": 300, "ascend": 590, "render": 1400, "descend_lean": 630, "render_lean": 1940}
_INT8 = {"context": 400, "develop": 1450, "enter": 305, "descend": 146, "down": 50, "deep": 19}
_INT8 |= {"rise": 38, "up": 101, "ascend": 300, "render": 955, "descend_lean": 390, "render_lean": 1290}
RUN_BYTES_PER_PX = {"int8": _INT8, "fp16": _FLOAT, "float32": _FLOAT}
"""The same by signature, without what a run of any size takes, and with the inputs and outputs of the tiles before and
after. Most of it is XNNPACK's: a pointer for each tap of each convolution and pixel."""
SHARED_BYTES = 0.78
"""What all signatures of one interpreter take together, over the sum of each: XNNPACK's workspace is one."""
RUN_BYTES = {"int8": 12_000_000, "fp16": 34_000_000, "float32": 34_000_000}
"""What a run of any size takes: packed weights, a stack per thread."""
PROCESS_BYTES = 108_000_000
"""`lwisp develop` before the frame: Python, NumPy, LiteRT, LibRaw, Pillow; and what the C library holds between two
uses, up to 10 MB."""

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where the system doesn't tell (not Linux)."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def give_back() -> None:
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
