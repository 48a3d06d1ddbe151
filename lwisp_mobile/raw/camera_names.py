"""Camera names out of TIFF-based RAW files: the few tags that rawpy doesn't report."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

MAKE, MODEL, DNG_VERSION = 271, 272, 50706
ASCII = 2
MAX_ENTRIES = 1000
"""First directories of RAW files have a few dozen tags; more is not read."""
MAX_NAME_BYTES = 64

# TIFF's own magic and those of Panasonic and Olympus, which change the 42.
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"IIU\0": "<", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">"}


@dataclass(frozen=True)
class TiffNames:
    """What the first directory says; empty for files that aren't TIFF-based."""

    make: str | None = None
    model: str | None = None
    is_dng: bool = False


def read_tiff_names(file: BinaryIO) -> TiffNames:
    """Read make and model from a file's first TIFF directory. Never fails: a broken directory has no names."""
    try:
        file.seek(0)
        head = file.read(8)
        order = _BYTE_ORDERS.get(head[:4])
        return TiffNames() if order is None else _read_directory(file, order, head)
    except (struct.error, OSError, ValueError):
        return TiffNames()


def _read_directory(file: BinaryIO, order: str, head: bytes) -> TiffNames:
    (offset,) = struct.unpack(order + "I", head[4:8])
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    entries = file.read(12 * min(count, MAX_ENTRIES))
    values: dict[int, str | None] = {}
    for start in range(0, len(entries) - 11, 12):
        entry = entries[start : start + 12]
        tag, kind, length = struct.unpack(order + "HHI", entry[:8])
        if tag in (MAKE, MODEL, DNG_VERSION):
            values[tag] = _read_text(file, order, entry, length) if kind == ASCII else None
    return TiffNames(values.get(MAKE), values.get(MODEL), DNG_VERSION in values)


def _read_text(file: BinaryIO, order: str, entry: bytes, length: int) -> str | None:
    content = entry[8:12]
    if length > 4:
        file.seek(struct.unpack(order + "I", content)[0])
        content = file.read(min(length, MAX_NAME_BYTES))
    text = content[:length].split(b"\0")[0].decode("utf-8", "replace")
    # A hostile file must not send control characters to a terminal.
    return "".join(letter for letter in text if letter.isprintable()).strip() or None
