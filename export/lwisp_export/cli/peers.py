"""`lwisp peers`: our INT8 beside other quantisers' and in another runtime."""

import argparse
import sys
from pathlib import Path

from lwisp_export.cli.commands import shipped_checkpoint
from lwisp_export.peers.table import compare_peers, table
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships")
    add_json_option(parser)


def _peers(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    found = compare_peers(
        bundle,
        arguments.checkpoint or shipped_checkpoint(bundle.name),
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(table(found)))
    return 0


peers = Command(_configure, _peers)
