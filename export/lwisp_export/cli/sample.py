"""The subcommand `lwisp sample`."""

import argparse
from pathlib import Path

from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.command import Command


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, default=Path("sample.dng"))


def _sample(arguments: argparse.Namespace) -> int:
    write_sample(arguments.output)
    print(arguments.output)
    return 0


sample = Command(_configure, _sample)
