"""What memory costs when it's first touched, on this machine.

A hypervisor takes a guest's free pages back within seconds (free page reporting, balloons), and a process that takes
them next waits for the host. That wait isn't the runtime's; a phone or a board doesn't have it.
"""

import time
from dataclasses import dataclass

import numpy as np

_PAGE_BYTES = 4096


@dataclass(frozen=True)
class FirstTouch:
    """Nanoseconds for each byte of memory new to a process."""

    found_ns: float
    """As the machine was found: a host may have had to supply it."""
    held_ns: float
    """Once more, right afterwards: what the kernel itself takes."""


def touch_memory(size_bytes: int) -> FirstTouch:
    """Have the host supply this much memory, and leave it free for the next process."""
    return FirstTouch(_ns_per_byte(size_bytes), _ns_per_byte(size_bytes))


def _ns_per_byte(size_bytes: int) -> float:
    memory = np.empty(size_bytes, np.uint8)
    start = time.perf_counter_ns()
    memory[::_PAGE_BYTES] = 1
    return (time.perf_counter_ns() - start) / size_bytes
