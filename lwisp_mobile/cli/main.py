"""The `lwisp` command: finds its subcommands by entry point and loads only the one that is run.

A subcommand is an entry point of the group `lwisp.commands` that loads to a `Command`. Any distribution may add one.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any

from lwisp_mobile.errors import LwispError, MissingExtraError, UsageError, require_extra
from lwisp_mobile.serialize.json_text import to_json

__all__ = ["Command", "add_json_option", "main", "print_json"]

GROUP = "lwisp.commands"
DISTRIBUTION = "lwisp-mobile"
OUR_PACKAGES = ("lwisp_mobile", "lwisp_export", "lwisp_bench")

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE."""


@dataclass(frozen=True)
class Command:
    """What an entry point of the group `lwisp.commands` loads to."""

    summary: str
    """One line for --help."""
    configure: Callable[[argparse.ArgumentParser], None]
    """Adds the command's arguments."""
    run: Callable[[argparse.Namespace], int]
    """Does the work; returns the exit code: 0 pass, 1 a check failed, 2 wrong use or broken input, 3 inconclusive."""


@dataclass(frozen=True)
class KnownCommand:
    """What `lwisp --help` says of a command without importing it."""

    summary: str
    extra: str | None
    """The extra that installs what it needs; None: the bare runtime."""


KNOWN_COMMANDS = {
    "develop": KnownCommand("Develop a RAW file into a picture.", "raw"),
    "inspect": KnownCommand("Show what a RAW, a model, a checkpoint or a bundle holds.", None),
    "time": KnownCommand("Time a bundle's model on this machine.", None),
    "pack": KnownCommand("Write a bundle's folder as a .zip.", None),
    "sign": KnownCommand("Sign a bundle with a private key.", "signing"),
    "verify-signature": KnownCommand("Check who signed a bundle.", "signing"),
    "train": KnownCommand("Train a student by a recipe.", "export"),
    "export": KnownCommand("Export a checkpoint to a bundle and verify it.", "export"),
    "convert": KnownCommand("Convert a checkpoint or an ONNX to a float32 .tflite of one size.", "export"),
    "calibrate": KnownCommand("Make a calibration set of RAW files and examine it.", "export"),
    "verify": KnownCommand("Compare a bundle's models with the float checkpoint.", "export"),
    "peers": KnownCommand("Compare INT8 with other quantisers' and in another runtime.", "export"),
    "evaluate": KnownCommand("Compare a bundle with classical pipelines on fixed frames.", "export"),
    "ablate": KnownCommand("Train students with one part left out each; compare.", "export"),
    "sheet": KnownCommand("Crops of RAW files beside LibRaw's rendering, at 100 %.", "export"),
    "sample": KnownCommand("Write a sample DNG made from a public-domain photograph.", "export"),
    "demo": KnownCommand("Export, verify, develop and time; write one report.", "export"),
    "rate": KnownCommand("Multiply-adds per second of a model, beside one large convolution.", "bench"),
    "frame": KnownCommand("Develop a large frame within a memory budget; peak memory and time.", "bench"),
    "mutate": KnownCommand("Run damaged copies of a bundle's model and count what becomes of them.", "bench"),
    "bench": KnownCommand("Measure models on this host, ARM boards and Android devices.", "bench"),
}

_HELP_FOOT = (
    "[export] and the like name the extra a command needs: pip install 'lwisp-mobile[export]'",
    "`lwisp COMMAND --help` says more.",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `lwisp` with argv (default: the process's arguments) and return its exit code."""
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()  # here, so that a closed pipe is met inside the try
    except BrokenPipeError:
        # The reader went away (`lwisp … | head`). Point stdout elsewhere, or the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except (LwispError, OSError) as error:
        return _fail(f"error: {error}", EXIT_USAGE)
    return code


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Give a command the option --json, read as `arguments.json`."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def print_json(value: Any) -> None:
    """Print a result (a dataclass, most often) as JSON. Raises NonFiniteError on NaN or infinity."""
    print(to_json(value))


def _dispatch(argv: list[str]) -> int:
    found = _find_commands()
    parser = _main_parser(found)
    try:
        arguments = parser.parse_args(argv)
        if arguments.command is None:
            parser.print_help(sys.stderr)
            return EXIT_USAGE
        return _run_command(arguments.command, found, arguments.arguments)
    except SystemExit as stop:  # argparse leaves this way after --help, --version and its own errors
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE


def _run_command(name: str, found: dict[str, EntryPoint], argv: list[str]) -> int:
    try:
        command = _load(name, found)
        parser = argparse.ArgumentParser(prog=f"lwisp {name}", description=command.summary)
        command.configure(parser)
        return command.run(parser.parse_args(argv))
    except ModuleNotFoundError as error:
        missing = _missing_package(name, error)
        if missing is None:
            raise
        raise missing from error


def _find_commands() -> dict[str, EntryPoint]:
    """Every installed subcommand by name. Raises UsageError if there are none, or two of one name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise UsageError(
                f"{_distribution(other)} and {_distribution(point)} both bring a command {point.name!r}. "
                "Uninstall one of them."
            )
    if not found:
        raise UsageError("No command found: lwisp-mobile isn't installed here. Run: pip install lwisp-mobile")
    return found


def _load(name: str, found: dict[str, EntryPoint]) -> Command:
    if name not in found:
        close = difflib.get_close_matches(name, found, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(sorted(found))}."
        raise UsageError(f"There is no command {name!r}. {hint}")
    command = found[name].load()
    if not isinstance(command, Command):
        raise UsageError(
            f"The command {name!r} of {_distribution(found[name])} is a {type(command).__name__}; "
            "it must be a lwisp_mobile.cli.main.Command. Ask its author for a version that fits."
        )
    return command


def _missing_package(name: str, error: ModuleNotFoundError) -> MissingExtraError | None:
    """The error for a package that a command couldn't import; None for a module of our own, which is a defect."""
    package = (error.name or "").partition(".")[0]
    if not package or package in OUR_PACKAGES:
        return None
    known = KNOWN_COMMANDS.get(name)
    if known is not None and known.extra is not None:
        return require_extra(package, known.extra, error)
    return MissingExtraError(f"{package}, which `lwisp {name}` needs, isn't installed. Run: pip install {package}")


def _main_parser(found: dict[str, EntryPoint]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lwisp",
        usage="lwisp [--help] [--version] COMMAND ...",
        description="Camera RAW to sRGB with a small INT8 network, on phones and boards.",
        epilog="\n".join(["commands:", *_command_lines(found), "", *_HELP_FOOT]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lwisp {_version()}")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _command_lines(found: dict[str, EntryPoint]) -> list[str]:
    """One line per command, ours first and in their order of use, without importing any."""
    names = [name for name in KNOWN_COMMANDS if name in found] + sorted(found.keys() - KNOWN_COMMANDS.keys())
    return [f"  {name:<16} {_summary(name, found[name])}" for name in names]


def _summary(name: str, point: EntryPoint) -> str:
    known = KNOWN_COMMANDS.get(name)
    if known is None:
        return f"(from {_distribution(point)})"
    return known.summary + (f"  [{known.extra}]" if known.extra else "")


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


def _fail(message: str, code: int) -> int:
    print(f"lwisp: {message}", file=sys.stderr)
    return code
