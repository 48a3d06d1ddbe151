"""What a subcommand is, and what all of them share."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lwisp_mobile.serialize.json_text import to_json


@dataclass(frozen=True)
class Command:
    """A subcommand as it runs."""

    configure: Callable[[argparse.ArgumentParser], None]
    """Adds the command's arguments."""
    run: Callable[[argparse.Namespace], int]
    """Does the work; returns the exit code: 0 pass, 1 a check failed, 2 wrong use or broken input, 3 inconclusive."""


@dataclass(frozen=True)
class CommandEntry:
    """A subcommand as a table of commands lists it: all that `lwisp --help` shows, without importing the command."""

    name: str
    summary: str
    """One line for `lwisp --help` and for the command's own help."""
    target: str
    """Where its `Command` is: "package.module:attribute"."""
    extra: str | None = None
    """The extra of lwisp-mobile that installs what the command needs; None: the bare runtime."""


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add the option --json, read as `arguments.json`."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def print_json(value: Any) -> None:
    """Print a result, usually a dataclass, as JSON. Raises NonFiniteError on NaN or infinity."""
    print(to_json(value))


def print_result(result: object, lines: Iterable[str], as_json: bool) -> None:
    """Print a result as JSON, or the lines that show it."""
    if as_json:
        print_json(result)
    else:
        print("\n".join(lines))
