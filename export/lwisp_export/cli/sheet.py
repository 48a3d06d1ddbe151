"""The subcommand `lwisp sheet`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_bundle_option, add_threads_option, print_progress
from lwisp_export.evaluation.contact_sheet import SheetOptions, draw_sheet
from lwisp_export.synthesis.tiles import read_frames
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.errors import UsageError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, default=Path("sheet.png"))
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="X,Y",
        help="also show the crop around this column and row of the finished picture; can be given several times",
    )
    add_bundle_option(parser)
    parser.add_argument("--precision", default="int8", help="int8 (default), fp16, or another that the bundle contains")
    add_threads_option(parser, default=2)
    add_raw_options(parser)


def _sheet(arguments: argparse.Namespace) -> int:
    options = SheetOptions(arguments.precision, tuple(map(_place, arguments.at)), arguments.threads)
    frames = read_frames(arguments.raw, hints_of(arguments))
    draw_sheet(arguments.output, frames, find_bundle(arguments.bundle), options, print_progress)
    print(arguments.output)
    return 0


def _place(text: str) -> tuple[int, int]:
    x, _, y = text.partition(",")
    if not (x.strip().isdecimal() and y.strip().isdecimal()):
        raise UsageError(f"--at {text!r} isn't a place; give a column and a row in pixels, for example 1200,800.")
    return int(x), int(y)


sheet = Command(_configure, _sheet)
