"""The subcommand `lwisp export`."""

import argparse
from pathlib import Path

from lwisp_export.checked_export import export_checked
from lwisp_export.cli.drift_table import conclude
from lwisp_export.cli.options import print_progress
from lwisp_export.cli.quantize_options import add_quantize_options, quantize_options_of
from lwisp_export.export import ExportPaths
from lwisp_export.quantization.report_text import report_lines
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.synthesis.tiles import read_frames
from lwisp_mobile.cli.command import Command, add_json_option
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, nargs="?", help="default: the one that ships")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--work", type=Path, default=Path("build/export"), help="for the ONNX and float32 models")
    parser.add_argument("--calibrate", type=Path, nargs="+", default=[], metavar="RAW", help="frames to calibrate with")
    add_quantize_options(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _export(arguments: argparse.Namespace) -> int:
    frames = read_frames(arguments.calibrate, hints_of(arguments))
    paths = ExportPaths(arguments.checkpoint or shipped_checkpoint(), arguments.output, arguments.work)
    checked = export_checked(paths, frames, print_progress, quantize_options_of(arguments))
    search = checked.exported.quantized.report
    if search is not None:
        print_progress("\n".join(report_lines(search)))
    code = conclude(checked.drift, arguments.json)
    return code if search is None or search.met else 1


export = Command(_configure, _export)
