"""The `lwisp` command: lists its subcommands from tables and imports only the one that is run.

A table is an entry point of the group `lwisp.commands` that loads to a tuple of `CommandEntry`; any distribution may
add one.
"""

import argparse
import difflib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from lwisp_mobile.cli.command import Command, CommandEntry
from lwisp_mobile.errors import LwispError, MissingExtraError, UsageError, require_extra
from lwisp_mobile.standard_output import claim_stdout
from lwisp_mobile.version import __version__

__all__ = ["main"]

GROUP = "lwisp.commands"
FIRST_TABLE = "runtime"
"""The entry point whose commands `lwisp --help` lists first; the others follow by name."""
OUR_PACKAGES = ("lwisp_mobile", "lwisp_export", "lwisp_bench")

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE."""

_HELP_FOOT = (
    "A name in brackets is the extra that a command needs: pip install 'lwisp-mobile[export]'",
    "`lwisp COMMAND --help` says more.",
)

_INSTALL_AGAIN = "Install its package again: pip install lwisp-mobile, or `make env` in a checkout."

Commands = Mapping[str, CommandEntry]


def main(argv: Sequence[str] | None = None, entries: Sequence[CommandEntry] | None = None) -> int:
    """Run `lwisp` and return its exit code.

    argv: default: the process's arguments. entries: the subcommands; default: those of every installed table.
    """
    _open_streams()
    if sys.stdout is sys.__stdout__:
        sys.stdout = claim_stdout()
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv), installed() if entries is None else entries)
        sys.stdout.flush()  # here, so that a closed pipe is met inside the try
    except BrokenPipeError:
        # The reader went away (`lwisp … | head`). Point stdout elsewhere, or the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except OSError as error:
        return _fail(f"error: {_explain(error)}", EXIT_USAGE)
    except MemoryError:
        return _fail("error: there isn't enough memory for this. Give smaller files, or free some.", EXIT_USAGE)
    except LwispError as error:
        return _fail(f"error: {error}", EXIT_USAGE)
    return code


def _open_streams() -> None:
    """Make every name printable, and replace streams that the caller closed: what is printed goes nowhere then."""
    # In this order: the lowest free descriptor is taken, so no other file becomes standard output.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  for the process's whole life
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _explain(error: OSError) -> str:
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}. Check the path, its permissions and the space left."


def installed() -> list[CommandEntry]:
    """Return the entries of every installed table, the runtime's first. Raises UsageError on one that can't be used."""
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name != FIRST_TABLE, point.name))
    return [entry for point in points for entry in load_table(point)]


def load_table(point: EntryPoint) -> tuple[CommandEntry, ...]:
    """Load a table. Raises UsageError if it isn't one, as after a change of entry points without an installation."""
    try:
        table = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"The commands of {point.value} can't be loaded ({error}). {_INSTALL_AGAIN}") from error
    if not isinstance(table, tuple) or not all(isinstance(entry, CommandEntry) for entry in table):
        raise UsageError(f"{point.value} isn't a tuple of CommandEntry. {_INSTALL_AGAIN}")
    return table


def _dispatch(argv: list[str], entries: Sequence[CommandEntry]) -> int:
    commands = _by_name(entries)
    parser = _main_parser(commands)
    try:
        # Cut by hand: argparse would take the command's `--` for its own.
        first = next((place for place, word in enumerate(argv) if not word.startswith("-")), len(argv))
        parser.parse_args(argv[:first])
        if first == len(argv):
            parser.print_help(sys.stderr)
            return EXIT_USAGE
        return _run_command(_choose(argv[first], commands), argv[first + 1 :])
    except SystemExit as stop:  # argparse leaves this way after --help, --version and its own errors
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE


def _by_name(entries: Sequence[CommandEntry]) -> Commands:
    """Entries by name. Raises UsageError if there are none, or two of one name."""
    commands: dict[str, CommandEntry] = {}
    for entry in entries:
        other = commands.setdefault(entry.name, entry)
        if other.target != entry.target:
            raise UsageError(
                f"{other.target} and {entry.target} both define a command {entry.name!r}. Uninstall one of them."
            )
    if not commands:
        raise UsageError("No command found: lwisp-mobile isn't installed here. Run: pip install lwisp-mobile")
    return commands


def _choose(name: str, commands: Commands) -> CommandEntry:
    if name not in commands:
        close = difflib.get_close_matches(name, commands, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(sorted(commands))}."
        raise UsageError(f"There is no command {name!r}. {hint}")
    return commands[name]


def _run_command(entry: CommandEntry, argv: list[str]) -> int:
    try:
        arguments = configured_parser(entry).parse_args(argv)
        return _load(entry).run(arguments)
    except ModuleNotFoundError as error:
        missing = _missing_package(entry, error)
        if missing is None:
            raise
        raise missing from error


def configured_parser(
    entry: CommandEntry, commands: "argparse._SubParsersAction[argparse.ArgumentParser] | None" = None
) -> argparse.ArgumentParser:
    """A command's parser, by itself or as one of the subcommands of another.

    Raises ModuleNotFoundError if a package that the command needs isn't installed.
    """
    command = _load(entry)
    if commands is None:
        parser = argparse.ArgumentParser(prog=f"lwisp {entry.name}", description=entry.summary)
    else:
        parser = commands.add_parser(entry.name, description=entry.summary, help=entry.summary)
    command.configure(parser)
    return parser


def _load(entry: CommandEntry) -> Command:
    module, _, attribute = entry.target.partition(":")
    command = getattr(import_module(module), attribute)
    if not isinstance(command, Command):
        raise UsageError(
            f"The command {entry.name!r} ({entry.target}) is a {type(command).__name__}; it must be a "
            "lwisp_mobile.cli.command.Command. Ask its author for a version that fits."
        )
    return command


def _missing_package(entry: CommandEntry, error: ModuleNotFoundError) -> MissingExtraError | None:
    """The error for a package that a command couldn't import; None for a module of our own, which is a defect."""
    package = (error.name or "").partition(".")[0]
    if not package or package in OUR_PACKAGES:
        return None
    if entry.extra is not None:
        return require_extra(package, entry.extra, error)
    return MissingExtraError(f"`lwisp {entry.name}` needs {package}, which isn't installed. Run: pip install {package}")


def _main_parser(commands: Commands) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lwisp",
        usage="lwisp [--help] [--version] COMMAND ...",
        description="Camera RAW to sRGB with a small INT8 network, on phones and boards.",
        epilog="\n".join(["commands:", *map(_help_line, commands.values()), "", *_HELP_FOOT]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lwisp {__version__}")
    return parser


def _help_line(entry: CommandEntry) -> str:
    return f"  {entry.name:<16} {entry.summary}" + (f"  [{entry.extra}]" if entry.extra else "")


def _fail(message: str, code: int) -> int:
    print(f"lwisp: {message}", file=sys.stderr)
    return code
