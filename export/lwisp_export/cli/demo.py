"""The subcommand `lwisp demo`."""

import argparse
from pathlib import Path

from lwisp_export.cli.drift_table import conclude
from lwisp_export.cli.options import add_threads_option, print_progress
from lwisp_export.demo import DemoOptions, run_demo
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.command import Command
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="?", help="your RAW file; default: a sample made from a photograph")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/demo"), help="folder for all results")
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships")
    add_threads_option(parser, default=2)
    add_raw_options(parser)


def _demo(arguments: argparse.Namespace) -> int:
    arguments.output.mkdir(parents=True, exist_ok=True)
    raw = arguments.raw or _write_sample(arguments.output)
    checkpoint = arguments.checkpoint or shipped_checkpoint()
    options = DemoOptions(raw, hints_of(arguments), checkpoint, arguments.output, arguments.threads)
    summary = run_demo(options, print_progress)
    code = conclude(summary.drift, as_json=False)
    print(f"pictures: {summary.int8_picture} (INT8), {summary.float_picture} (float)")
    print(f"report:   {summary.report}")
    return code


def _write_sample(folder: Path) -> Path:
    path = folder / "sample.dng"
    write_sample(path)
    return path


demo = Command(_configure, _demo)
