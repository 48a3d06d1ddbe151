"""The reference of all commands as Markdown, made from their parsers."""

import argparse
from collections.abc import Iterator, Sequence

from lwisp_mobile.cli.command import CommandEntry
from lwisp_mobile.cli.main import configured_parser

WIDTH = 100


def command_reference(entries: Sequence[CommandEntry]) -> str:
    """A heading per command and subcommand, with its help."""
    return "\n".join(line for entry in entries for line in _section(configured_parser(entry), entry.extra))


def _section(parser: argparse.ArgumentParser, extra: str | None, level: int = 2) -> Iterator[str]:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=WIDTH)
    yield f"\n{'#' * level} {parser.prog}\n"
    if extra is not None:
        yield f"Needs `pip install 'lwisp-mobile[{extra}]'`.\n"
    yield f"```text\n{parser.format_help().rstrip()}\n```"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _section(subparser, None, level + 1)
