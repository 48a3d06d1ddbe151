"""The subcommand `lwisp bench report`."""

import argparse
from pathlib import Path

from lwisp_bench.results.report.page import write_report
from lwisp_bench.results.report.view import source_of
from lwisp_bench.runners.app_run import read_measurements


def configure_report(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, nargs="+", help="results files, or what the Android demo saved")
    parser.add_argument("--base", type=Path, help="a results file to compare with")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), help=".html, or .md without charts (report.html)"
    )
    parser.set_defaults(act=_report)


def _report(arguments: argparse.Namespace) -> int:
    sources = [source_of(path, read_measurements(path)) for path in arguments.results]
    base = None if arguments.base is None else source_of(arguments.base, read_measurements(arguments.base))
    write_report(arguments.output, sources, base)
    print(arguments.output)
    return 0
