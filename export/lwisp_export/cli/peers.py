"""The subcommand `lwisp peers`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_bundle_option, print_progress
from lwisp_export.peers.comparison import compare_peers, table
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships under the bundle's name")
    add_bundle_option(parser)
    add_json_option(parser)


def _peers(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    found = compare_peers(bundle, arguments.checkpoint or shipped_checkpoint(bundle.name), print_progress)
    print_result(found, table(found), arguments.json)
    return 0


peers = Command(_configure, _peers)
