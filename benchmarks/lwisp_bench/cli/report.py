"""The subcommand `lwisp bench report`."""

import argparse
from pathlib import Path

from lwisp_bench.results.app_results import read_measurements
from lwisp_bench.results.report.page import write_report
from lwisp_bench.results.report.view import Source, source_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, nargs="+", help="results files, also those saved by the Android demo")
    parser.add_argument("--base", type=Path, help="a results file to compare with")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), help=".html, or .md without charts (report.html)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the report and print its path."""
    base = None if arguments.base is None else _source(arguments.base)
    write_report(arguments.output, [_source(path) for path in arguments.results], base)
    print(arguments.output)
    return 0


def _source(path: Path) -> Source:
    return source_of(path, read_measurements(path))
