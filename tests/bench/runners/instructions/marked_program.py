"""An arm64 program of chosen instructions between the counting marks, as a static ELF file."""

import struct
from collections.abc import Sequence

from lwisp_bench.worker.marked_run import BEGIN, END

BASE = 0x400000
_ELF = struct.Struct("<4sBBBBB7xHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
SVC = 0xD4000001


def marked_program(words: Sequence[int]) -> bytes:
    """words: instructions that a region holds. Its own end adds three integer instructions and an SVC."""
    code = [*_close(BEGIN), *words, *_close(END), *_call(93, 0)]
    head = _ELF.size + _SEGMENT.size
    size = head + 4 * len(code)
    elf = _ELF.pack(b"\x7fELF", 2, 1, 1, 0, 0, 2, 183, 1, BASE + head, _ELF.size, 0, 0, _ELF.size, 56, 1, 0, 0, 0)
    return elf + _SEGMENT.pack(1, 5, 0, BASE, BASE, size, size, 0x10000) + struct.pack(f"<{len(code)}I", *code)


def _close(descriptor: int) -> list[int]:
    high = 0xF2A00000 | (descriptor >> 16) << 5  # movk x0, #high, lsl #16
    return [_movz(0, descriptor & 0xFFFF), high, _movz(8, 57), SVC]


def _call(number: int, argument: int) -> list[int]:
    return [_movz(0, argument), _movz(8, number), SVC]


def _movz(register: int, value: int) -> int:
    return 0xD2800000 | value << 5 | register
