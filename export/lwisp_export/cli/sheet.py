"""The subcommand `lwisp sheet`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_bundle_option, add_threads_option, print_progress
from lwisp_export.evaluation.contact_sheet import draw_sheet
from lwisp_export.synthesis.tiles import read_frames
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, default=Path("sheet.png"))
    add_bundle_option(parser)
    add_threads_option(parser, default=2)
    add_raw_options(parser)


def _sheet(arguments: argparse.Namespace) -> int:
    frames = read_frames(arguments.raw, hints_of(arguments))
    draw_sheet(arguments.output, frames, find_bundle(arguments.bundle), arguments.threads, print_progress)
    print(arguments.output)
    return 0


sheet = Command(_configure, _sheet)
