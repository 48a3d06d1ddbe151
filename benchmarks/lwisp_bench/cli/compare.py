"""The subcommand `lwisp bench compare`."""

import argparse
from pathlib import Path

from lwisp_bench.results.app_results import read_measurements
from lwisp_bench.results.file_comparison import compare_files, exit_code
from lwisp_bench.results.terminal import comparison_lines
from lwisp_mobile.cli.command import add_json_option, print_result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("base", type=Path, help="a results file")
    parser.add_argument("new", type=Path, help="another with the same device, model names and setups")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare every case of both files."""
    found = compare_files(read_measurements(arguments.base), read_measurements(arguments.new))
    print_result(found, (line for comparison in found for line in comparison_lines(comparison)), arguments.json)
    return exit_code(comparison.outcome for comparison in found)
