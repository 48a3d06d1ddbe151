"""A flatbuffer walked with every offset checked, as flatc's own verifiers do it, by a table of what its tables contain.

Only NumPy and the standard library: it runs wherever an engine does, before the engine sees the file.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.tflite.integrity import corrupt

MAX_VISITS = 1_000_000
"""Tables and vectors looked at, as in the C++ verifier: a small file can point at one table millions of times."""
MAX_DEPTH = 64

Schema = Mapping[str, Mapping[int, str]]
"""Table name -> slot -> what stands there.

A NumPy type ("i4"), a vector of one ("[i4]"), "text", a table's name, a vector of tables ("[Tensor]"), or a union:
"@3" is a table named "@" and the number in slot 3. Of a table that the schema doesn't name, the frame is checked.
"""
Table = dict[int, Any]
"""Slot -> value, for slots that are set: int or float, array, bytes, Table, or list of Table."""


def read_root(data: bytes, schema: Schema, root: str) -> Table:
    """Read the root table with all that hangs on it. Raises ModelError where an offset points outside of the file."""
    return _Reader(data, schema, {}).table(root, _Place(0, 0))


@dataclass(frozen=True)
class _Place:
    """Where an offset stands, and how many tables lead to it."""

    at: int
    depth: int


class _Reader:
    """One walk over one file."""

    def __init__(self, data: bytes, schema: Schema, seen: dict[tuple[str, int], Table]) -> None:
        """seen: tables that were read already; several offsets may lead to one."""
        self._data, self._schema, self._seen, self._visits = data, schema, seen, 0

    def table(self, name: str, place: _Place) -> Table:
        """Follow the offset at a place to a table of the schema."""
        start = self._follow(place.at)
        self._count(place)
        if (name, start) not in self._seen:
            slots = self._slots(start)
            kinds = self._schema.get(name, {})
            named = {slot: self._resolve(kind, slots) for slot, kind in kinds.items() if slot in slots}
            self._seen[name, start] = {
                slot: self._value(kind, _Place(slots[slot], place.depth + 1)) for slot, kind in named.items()
            }
        return self._seen[name, start]

    def _resolve(self, kind: str, slots: dict[int, int]) -> str:
        """A union as the name of the table that its type says."""
        if not kind.startswith("@"):
            return kind
        place = slots.get(int(kind[1:]))
        return "@0" if place is None else f"@{self._scalar(place, 'u1')}"

    def _slots(self, start: int) -> dict[int, int]:
        """Slot -> where its value stands, for a table's set slots. The frame of table and vtable is checked."""
        vtable = start - self._unpack("<i", start)
        vtable_bytes, table_bytes = self._unpack("<H", vtable), self._unpack("<H", vtable + 2)
        if vtable_bytes < 4 or vtable_bytes % 2:
            raise corrupt(f"a vtable of {vtable_bytes} bytes at {vtable}")
        self._check(vtable, vtable_bytes, 2)
        self._check(start, table_bytes, 4)
        offsets = struct.unpack_from(f"<{vtable_bytes // 2 - 2}H", self._data, vtable + 4)
        if any(offset >= table_bytes for offset in offsets):
            raise corrupt(f"a field outside of its table at {start}")
        return {slot: start + offset for slot, offset in enumerate(offsets) if offset}

    def _value(self, kind: str, place: _Place) -> Any:
        if kind == "text":
            return self._vector(place, "u1").tobytes()
        if kind[:1].isupper() or kind.startswith("@"):
            return self.table(kind, place)
        if not kind.startswith("["):
            return self._scalar(place.at, kind)
        item = kind[1:-1]
        return self._tables(item, place) if item[:1].isupper() else self._vector(place, item)

    def _tables(self, name: str, place: _Place) -> list[Table]:
        start, length = self._span(place, 4)
        return [self.table(name, _Place(start + 4 * index, place.depth)) for index in range(length)]

    def _vector(self, place: _Place, dtype: str) -> NDArray[Any]:
        kind = np.dtype(dtype).newbyteorder("<")
        start, length = self._span(place, kind.itemsize)
        return np.frombuffer(self._data, kind, length, start)

    def _scalar(self, at: int, dtype: str) -> Any:
        kind = np.dtype(dtype).newbyteorder("<")
        self._check(at, kind.itemsize, kind.itemsize)
        return np.frombuffer(self._data, kind, 1, at)[0].item()

    def _span(self, place: _Place, item_bytes: int) -> tuple[int, int]:
        """Where a vector's items start, and how many there are."""
        self._count(place)
        start = self._follow(place.at)
        length = self._unpack("<I", start)
        self._check(start + 4, length * item_bytes, item_bytes)
        return start + 4, length

    def _follow(self, at: int) -> int:
        return at + self._unpack("<I", at)

    def _unpack(self, form: str, at: int) -> int:
        size = struct.calcsize(form)
        self._check(at, size, size)
        return int(struct.unpack_from(form, self._data, at)[0])

    def _check(self, at: int, size: int, align: int) -> None:
        if at < 0 or at + size > len(self._data):
            raise corrupt(f"{size} bytes at {at} of {len(self._data)}")
        if at % align:
            raise corrupt(f"bytes {at} to {at + size} aren't aligned")

    def _count(self, place: _Place) -> None:
        self._visits += 1
        if self._visits > MAX_VISITS or place.depth > MAX_DEPTH:
            raise corrupt(f"more than {MAX_VISITS} parts or {MAX_DEPTH} levels")
