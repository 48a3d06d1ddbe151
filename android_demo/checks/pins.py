"""Pinned versions of the tools."""

import hashlib
import platform
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

PINS_FILE = Path(__file__).with_name("pins.toml")


@dataclass(frozen=True)
class NpmPin:
    """A package of the npm registry."""

    name: str
    version: str
    sha256: str
    """Of its archive."""


@dataclass(frozen=True)
class Pins:
    """What the checks are made of."""

    debian: dict[str, str]
    npm: tuple[NpmPin, ...]
    pypi: dict[str, str]

    @property
    def key(self) -> str:
        """Names a folder of tools: another one for other pins, machines or Pythons."""
        parts = (PINS_FILE.read_text(encoding="utf-8"), platform.machine(), sys.version.split()[0])
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_pins() -> Pins:
    """Read pins.toml."""
    tree = tomllib.loads(PINS_FILE.read_text(encoding="utf-8"))
    npm = tuple(NpmPin(name, **pin) for name, pin in tree["npm"].items())
    return Pins(tree["debian"], npm, tree["pypi"])
