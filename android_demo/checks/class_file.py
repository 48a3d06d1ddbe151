"""What a compiled class refers to: the constant pool of Java class files (JVMS 4.4)."""

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_UTF8, _LONG, _DOUBLE, _CLASS, _FIELD, _METHOD, _INTERFACE_METHOD = 1, 5, 6, 7, 9, 10, 11
_NAME_AND_TYPE = 12
# Bytes after the tag of every other kind.
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_TARGET_API = "Landroid/annotation/TargetApi;"


@dataclass(frozen=True)
class Reference:
    """A member that a class uses; names with dots."""

    owner: str
    name: str
    descriptor: str

    @property
    def is_method(self) -> bool:
        """A field otherwise."""
        return self.descriptor.startswith("(")

    @property
    def parameters(self) -> int:
        """How many parameters a method has."""
        count, at = 0, 1
        while self.descriptor[at] != ")":
            while self.descriptor[at] == "[":
                at += 1
            at = self.descriptor.index(";", at) + 1 if self.descriptor[at] == "L" else at + 1
            count += 1
        return count


@dataclass(frozen=True)
class CompiledClass:
    """A class and what it uses."""

    name: str
    references: frozenset[Reference]
    target_api: int | None
    """The level that its @TargetApi promises a caller has checked; None without one."""


def read_jar(path: Path) -> Iterator[CompiledClass]:
    """The classes of a jar."""
    with zipfile.ZipFile(path) as jar:
        for name in sorted(jar.namelist()):
            if name.endswith(".class"):
                yield read_class(jar.read(name))


def read_class(content: bytes) -> CompiledClass:
    """Parse one class file."""
    pool, end = _pool(content)
    (this,) = struct.unpack_from(">H", content, end + 2)
    references = frozenset(_references(pool))
    # Kotlin writes the annotation's value as a constant of its own, after the annotation's name.
    return CompiledClass(_class_name(pool, this), references, _target_api(content, pool, end))


Pool = list[tuple[int, object]]


def _pool(content: bytes) -> tuple[Pool, int]:
    """Entries by number, and where the pool ends. An entry of 8 bytes takes two numbers."""
    (count,) = struct.unpack_from(">H", content, 8)
    entries: Pool = [(0, None)]
    at = 10
    while len(entries) < count:
        tag = content[at]
        if tag == _UTF8:
            (length,) = struct.unpack_from(">H", content, at + 1)
            entries.append((tag, content[at + 3 : at + 3 + length].decode("utf-8", "replace")))
            at += 3 + length
            continue
        size = _SIZES[tag]
        entries.append((tag, content[at + 1 : at + 1 + size]))
        at += 1 + size
        if tag in (_LONG, _DOUBLE):
            entries.append((0, None))
    return entries, at


def _references(pool: Pool) -> Iterator[Reference]:
    for tag, value in pool:
        if tag in (_FIELD, _METHOD, _INTERFACE_METHOD) and isinstance(value, bytes):
            owner, described = struct.unpack(">HH", value)
            name, descriptor = _pair(pool, described)
            yield Reference(_class_name(pool, owner), name, descriptor)


def _pair(pool: Pool, index: int) -> tuple[str, str]:
    value = pool[index][1]
    assert isinstance(value, bytes)
    name, descriptor = struct.unpack(">HH", value)
    return str(pool[name][1]), str(pool[descriptor][1])


def _class_name(pool: Pool, index: int) -> str:
    value = pool[index][1]
    assert isinstance(value, bytes)
    (name,) = struct.unpack(">H", value)
    return str(pool[name][1]).replace("/", ".").replace("$", ".")


def _target_api(content: bytes, pool: Pool, end: int) -> int | None:
    """The value of the class's @TargetApi, found in its annotation attribute: type, one pair, name, 'I', constant."""
    for index, (tag, value) in enumerate(pool):
        if tag == _UTF8 and value == _TARGET_API:
            place = content.find(struct.pack(">HH", index, 1), end)
            if place >= 0 and content[place + 6 : place + 7] == b"I":
                (constant,) = struct.unpack_from(">H", content, place + 7)
                level = pool[constant][1]
                return struct.unpack(">i", level)[0] if isinstance(level, bytes) else None
    return None
