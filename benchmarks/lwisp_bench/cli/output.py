"""Results of subcommands on stdout."""

from collections.abc import Iterable

from lwisp_mobile.cli.command import print_json


def print_result(result: object, lines: Iterable[str], as_json: bool) -> None:
    """Print a result as JSON or as text."""
    if as_json:
        print_json(result)
    else:
        print("\n".join(lines))
