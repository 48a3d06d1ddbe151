"""The subcommand `lwisp bench suite`."""

import argparse
from pathlib import Path

from lwisp_bench.cli.options import add_output_option
from lwisp_bench.results.drift_pictures import pictures_folder
from lwisp_bench.results.record import Record
from lwisp_bench.results.terminal import record_lines
from lwisp_bench.suite.definition import Suite, read_suite
from lwisp_bench.suite.execution import exit_code, run_plan
from lwisp_bench.suite.plan import plan_of
from lwisp_mobile.cli.command import add_json_option, print_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("suite", type=Path, help="a TOML file: models, precisions, sizes, threads, devices, mode, …")
    add_output_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure what the file lists."""
    return measure_suite(read_suite(arguments.suite), arguments.output, arguments.json)


def measure_suite(suite: Suite, output: Path, as_json: bool) -> int:
    """Measure a suite into a results file, and print each case once it's done."""
    records: list[Record] = []

    def progress(record: Record, done_before: bool) -> None:
        records.append(record)
        if not as_json:
            print("\n".join(record_lines(record, done_before)), flush=True)

    results, failures = run_plan(plan_of(suite, pictures_folder(output)), output, progress)
    if as_json:
        print_json({"results": results, "device_failures": failures})
    else:
        for failure in failures:
            print(f"{failure.device}: skipped: {failure.reason}")
    return exit_code(records, failures)
