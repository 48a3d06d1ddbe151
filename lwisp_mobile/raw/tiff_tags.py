"""Tags of TIFF-based RAW files: the directories, and their values when they're asked for. Everything is size-checked.

LibRaw decodes the samples; it doesn't report opcodes, noise, crops, white points or GPS. Sources: TIFF 6.0, DNG 1.7.1.
"""

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lwisp_mobile.errors import RawFormatError

MAX_ENTRIES = 1000
"""Directories of RAW files have a few dozen tags."""
MAX_DIRECTORIES = 64
MAX_NUMBERS = 1 << 16
"""Values of one tag; a black level for each column of a sensor is the most."""
MAX_DATA_BYTES = 1 << 24
"""Bytes of one tag; phones' opcode lists have some ten thousand."""
MAX_TEXT_BYTES = 256

SUB_DIRECTORIES, EXIF, GPS = 330, 34665, 34853

ASCII, UNDEFINED = 2, 7
_RATIONALS = {5: "I", 10: "i"}
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_SIZES = {ASCII: 1, 5: 8, 10: 8} | {kind: struct.calcsize("<" + letter) for kind, letter in _FORMATS.items()}

# TIFF's own magic and those of Panasonic and Olympus, which change the 42.
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"IIU\0": "<", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">"}


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    content: bytes
    """The value itself if it has at most four bytes, else where it is."""


class Directory:
    """One directory's tags by number."""

    def __init__(self, file: BinaryIO, order: str, entries: dict[int, _Entry]) -> None:
        """Values are read from `file` when they're asked for; order: < or >."""
        self._file, self._order, self._entries = file, order, entries

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def data(self, tag: int) -> bytes | None:
        """The tag's bytes as they are; None if there is no such tag. Raises RawFormatError if they aren't all there."""
        entry = self._entries.get(tag)
        return None if entry is None else self._read(tag, entry, MAX_DATA_BYTES)

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """The tag's numbers; None if there is no such tag.

        Raises RawFormatError if it holds text or too many, isn't all there, or has a number that isn't finite.
        """
        entry = self._entries.get(tag)
        if entry is None:
            return None
        if entry.kind == ASCII or entry.count > MAX_NUMBERS:
            raise _broken(tag, f"{entry.count} values of type {entry.kind}; at most {MAX_NUMBERS} numbers are read")
        content = self._read(tag, entry, MAX_NUMBERS * 8)
        if entry.kind not in _RATIONALS:
            values = struct.unpack(f"{self._order}{entry.count}{_FORMATS[entry.kind]}", content)
            if not all(map(math.isfinite, values)):
                raise _broken(tag, "a number that isn't finite")
            return values
        parts = struct.unpack(f"{self._order}{2 * entry.count}{_RATIONALS[entry.kind]}", content)
        pairs = list(zip(parts[0::2], parts[1::2]))
        if any(below == 0 and above != 0 for above, below in pairs):
            raise _broken(tag, "a number that isn't finite")
        # 0/0 is how cameras write that they don't know.
        return tuple(above / below if below else 0.0 for above, below in pairs)

    def number(self, tag: int) -> float | None:
        """The tag's first number; None if there is none. Raises as `numbers`."""
        values = self.numbers(tag)
        return values[0] if values else None

    def text(self, tag: int) -> str | None:
        """The tag's text up to its first NUL, without what a terminal would obey; None if there is none."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind != ASCII:
            return None
        shortened = _Entry(entry.kind, min(entry.count, MAX_TEXT_BYTES), entry.content)
        content = self._read(tag, shortened, MAX_TEXT_BYTES) if entry.count > 4 else entry.content[: entry.count]
        text = content.split(b"\0")[0].decode("utf-8", "replace")
        return "".join(letter for letter in text if letter.isprintable()).strip() or None

    def _read(self, tag: int, entry: _Entry, limit: int) -> bytes:
        size = _SIZES.get(entry.kind, 0) * entry.count
        if entry.kind not in _SIZES or size > limit:
            raise _broken(tag, f"{entry.count} values of type {entry.kind}; at most {limit} bytes are read")
        # A shortened text's content is an offset even where what is read of it would fit.
        if size <= 4 and entry.kind != ASCII:
            return entry.content[:size]
        if entry.kind == ASCII and entry.count <= 4:
            return entry.content[: entry.count]
        self._file.seek(struct.unpack(self._order + "I", entry.content)[0])
        content = self._file.read(size)
        if len(content) < size:
            raise _broken(tag, f"{size} bytes, of which {len(content)} are in the file")
        return content


def _broken(tag: int, found: str) -> RawFormatError:
    return RawFormatError(f"Tag {tag} has {found}. The file is truncated or damaged; copy it again.")


@dataclass(frozen=True)
class Tiff:
    """A file's directories."""

    main: Directory
    """The first one: the camera, colours, orientation."""
    images: tuple[Directory, ...]
    """All that can describe an image, the first among them: the chain, and sub-directories."""
    exif: Directory | None
    gps: Directory | None


def read_tiff(file: BinaryIO) -> Tiff | None:
    """The directories of a TIFF-based file; None for other files, and if the first directory is broken.

    Other broken directories are left out: a preview's is of no use here, and without the mosaic's own nothing is read.
    """
    file.seek(0)
    head = file.read(8)
    order = _BYTE_ORDERS.get(head[:4])
    if order is None or len(head) < 8:
        return None
    images = list(_image_directories(file, order, struct.unpack(order + "I", head[4:])[0]))
    if not images:
        return None
    return Tiff(images[0], tuple(images), _linked(file, order, images[0], EXIF), _linked(file, order, images[0], GPS))


def _image_directories(file: BinaryIO, order: str, first: int) -> Iterator[Directory]:
    """The chain from the first directory on, each before its sub-directories. Every place is read once: no loops."""
    waiting, seen = [first], set[int]()
    while waiting and len(seen) < MAX_DIRECTORIES:
        offset = waiting.pop()
        if offset in seen or offset == 0:
            continue
        seen.add(offset)
        found = _read_directory(file, order, offset)
        if found is None:
            continue
        directory, following = found
        yield directory
        waiting += [following, *reversed(_offsets(directory, SUB_DIRECTORIES))]


def _read_directory(file: BinaryIO, order: str, offset: int) -> tuple[Directory, int] | None:
    """A directory and the offset of the next in its chain, 0 if there is none; None if it isn't all there."""
    file.seek(0, os.SEEK_END)
    if offset + 2 > file.tell():
        return None
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    content = file.read(12 * count)
    if not 0 < count <= MAX_ENTRIES or len(content) < 12 * count:
        return None
    entries: dict[int, _Entry] = {}
    for start in range(0, 12 * count, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", content, start)
        entries.setdefault(tag, _Entry(kind, length, content[start + 8 : start + 12]))
    link = file.read(4)
    return Directory(file, order, entries), struct.unpack(order + "I", link)[0] if len(link) == 4 else 0


def _linked(file: BinaryIO, order: str, directory: Directory, tag: int) -> Directory | None:
    offsets = _offsets(directory, tag)
    found = _read_directory(file, order, offsets[0]) if offsets else None
    return None if found is None else found[0]


def _offsets(directory: Directory, tag: int) -> list[int]:
    try:
        return [int(offset) for offset in (directory.numbers(tag) or ())[:MAX_DIRECTORIES] if offset >= 0]
    except (RawFormatError, ValueError, OverflowError):
        return []
