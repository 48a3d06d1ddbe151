"""`lwisp completion`: a script that completes commands and options in a shell."""

import argparse

from lwisp_mobile.cli.command import Command
from lwisp_mobile.cli.main import configured_parser, installed
from lwisp_mobile.errors import require_extra

SHELLS = ("bash", "zsh", "tcsh")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help='such as: eval "$(lwisp completion bash)" in ~/.bashrc')


def _run(arguments: argparse.Namespace) -> int:
    try:
        import shtab  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("shtab", "completion", error) from error
    print(shtab.complete(whole_parser(), shell=arguments.shell))
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """One parser with every command whose packages are installed."""
    parser = argparse.ArgumentParser(prog="lwisp")
    commands = parser.add_subparsers()
    for entry in installed():
        try:
            configured_parser(entry, commands)
        except ModuleNotFoundError:
            continue
    return parser


completion = Command(_configure, _run)
