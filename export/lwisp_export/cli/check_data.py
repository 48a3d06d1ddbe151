"""The subcommand `lwisp check-data`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from lwisp_export.training.data_listing import DataCheck, compare_data, shipped_listing, write_listing
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="the data folder, as `lwisp train --data` takes it")
    parser.add_argument("--list", type=Path, help="another list than the one that ships")
    parser.add_argument("--write", action="store_true", help="write the list of this folder instead of checking it")
    add_json_option(parser)


def _check(arguments: argparse.Namespace) -> int:
    listing = arguments.list or shipped_listing()
    if arguments.write:
        write_listing(arguments.folder, listing)
    found = compare_data(arguments.folder, listing)
    print_result(found, _lines(found), arguments.json)
    return 0 if found.is_complete else 1


def _lines(found: DataCheck) -> Iterator[str]:
    yield from (f"{folder}: {count} files as listed" for folder, count in found.as_listed.items())
    for fault in ("missing", "different", "unlisted"):
        yield from (f"{fault}: {name}" for name in getattr(found, fault))


check_data = Command(_configure, _check)
