"""The subcommand `lwisp verify`."""

import argparse
from pathlib import Path

from lwisp_export.cli.backends_options import add_backends_options, verify_on_backends
from lwisp_export.cli.drift_table import conclude
from lwisp_export.cli.options import add_bundle_option, print_progress
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.synthesis.tiles import read_frames
from lwisp_export.verification.bundle_check import check_bundle
from lwisp_export.verification.report.drift_report import write_drift_report
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.errors import UsageError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compare a bundle's models with the float checkpoint they were made from. Without files: on the tiles of the "
        "export, where each model must keep the drift recorded in drift.json. With files: on those, to fixed limits. "
        "With --backends: each model on many backends, CPU, GPU, NPU and browser, in one table."
    )
    parser.add_argument("raw", type=Path, nargs="*", help="RAW files of your own (default: synthetic frames)")
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships under the bundle's name")
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="also write the report there, .html and .json")
    add_bundle_option(parser)
    add_backends_options(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _verify(arguments: argparse.Namespace) -> int:
    if arguments.backends is not None:
        return verify_on_backends(arguments)
    if arguments.install:
        raise UsageError("--install belongs to --backends.")
    bundle = find_bundle(arguments.bundle)
    checkpoint = arguments.checkpoint or shipped_checkpoint(bundle.name)
    frames = read_frames(arguments.raw, hints_of(arguments))
    check = check_bundle(bundle, checkpoint, frames, print_progress)
    if arguments.report is not None:
        print_progress(f"report: {write_drift_report(bundle, check, arguments.report, print_progress)}")
    return conclude(check.record, arguments.json)


verify = Command(_configure, _verify)
