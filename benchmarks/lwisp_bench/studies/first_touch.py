"""The cost of touching memory for the first time, on this machine.

A hypervisor reclaims a guest's free pages within seconds (free page reporting, balloons), and the next process to
allocate them waits for the host. That wait isn't the runtime's; phones and boards don't have it.
"""

import time
from dataclasses import dataclass

import numpy as np

_PAGE_BYTES = 4096


@dataclass(frozen=True)
class FirstTouch:
    """Nanoseconds per byte of memory new to a process."""

    found_ns: float
    """On the machine as found: a host may have had to supply the pages."""
    held_ns: float
    """Again right afterwards: the kernel's own cost."""


def touch_memory(size_bytes: int) -> FirstTouch:
    """Make the host supply this much memory, and leave it free for the next process."""
    return FirstTouch(_ns_per_byte(size_bytes), _ns_per_byte(size_bytes))


def _ns_per_byte(size_bytes: int) -> float:
    memory = np.empty(size_bytes, np.uint8)
    start = time.perf_counter_ns()
    memory[::_PAGE_BYTES] = 1
    return (time.perf_counter_ns() - start) / size_bytes
