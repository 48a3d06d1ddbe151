"""What the TypeScript description knows: interfaces, abstract classes, constants, and since which API level."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_INTERFACE = re.compile(r"Constructs a new instance of the (\S+) interface")
_SINCE = re.compile(r"/\*\* @since (\d+)")
_MODULE = re.compile(r"(?:declare |export )+module (\S+) \{")
_CLASS = re.compile(r"export (abstract )?class (\w+)")
_CONSTANT = re.compile(r"public static (\w+): ([^;]+);")
_METHOD = re.compile(r"public (?:static )?(\w+)\((.*)\): ")
_PARAMETER = re.compile(r"\w+\??: ")


@dataclass(frozen=True)
class Member:
    """A class, a field (`name` set) or a method (`parameters` set too; its overloads of one length are one)."""

    owner: str
    name: str | None = None
    parameters: int | None = None


@dataclass
class Declarations:
    """Facts by fully qualified name, dots between nested classes."""

    interfaces: set[str] = field(default_factory=set)
    abstract: set[str] = field(default_factory=set)
    constants: dict[tuple[str, str], str] = field(default_factory=dict)
    since: dict[Member, int] = field(default_factory=dict)
    """API level of members that weren't there from level 21 on."""


def read_declarations(path: Path) -> Declarations:
    """Read a .d.ts file of @nativescript/types-android."""
    reader = _Reader()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            reader.line(line)
    return reader.found


class _Reader:
    """Line by line: the file is made by a machine, one declaration a line, nested by tabs."""

    def __init__(self) -> None:
        self.found = Declarations()
        self._modules: list[str] = []
        self._owner = ""
        self._since: int | None = None

    def line(self, line: str) -> None:
        text = line.strip()
        if match := _INTERFACE.search(line):
            self.found.interfaces.add(match.group(1).replace("$", "."))
        elif match := _SINCE.match(text):
            self._since = int(match.group(1))
        elif not text.startswith(("/*", "*")):
            self._declaration(text, len(line) - len(line.lstrip("\t")))
            self._since = None

    def _declaration(self, text: str, depth: int) -> None:
        if match := _MODULE.match(text):
            self._modules = [*self._modules[:depth], match.group(1)]
        elif match := _CLASS.match(text):
            self._class(".".join([*self._modules[:depth], match.group(2)]), bool(match.group(1)))
        else:
            for member in self._members(text):
                known = self.found.since.get(member)
                level = self._since or 1
                self.found.since[member] = level if known is None else min(known, level)

    def _class(self, name: str, is_abstract: bool) -> None:
        self._owner = name
        if is_abstract:
            self.found.abstract.add(name)
        self.found.since[Member(name)] = self._since or 1

    def _members(self, text: str) -> Iterator[Member]:
        if (match := _CONSTANT.match(text)) and match.group(1) != "class":
            self.found.constants[self._owner, match.group(1)] = match.group(2)
            yield Member(self._owner, match.group(1))
        elif match := _METHOD.match(text):
            yield Member(self._owner, match.group(1), len(_PARAMETER.findall(match.group(2))))
