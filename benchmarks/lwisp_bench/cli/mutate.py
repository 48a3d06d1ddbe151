"""The subcommand `lwisp mutate`."""

import argparse
from pathlib import Path

from lwisp_bench.studies.mutation import MutationOptions, MutationReport, run_mutations
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.progress import StepBar


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder or .zip, or a shipped name")
    parser.add_argument("--precision", default="int8", help="int8 (default), fp16, or another of the bundle's")
    parser.add_argument(
        "--runs", type=int, default=MutationOptions.runs, help="number of damaged copies (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=MutationOptions.seed)
    parser.add_argument(
        "--timeout", type=float, default=MutationOptions.timeout_s, metavar="S", help="seconds per copy (default: 20)"
    )
    parser.add_argument(
        "--no-check", action="store_true", help="run copies without the check that precedes every engine"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep copies that crash a process or time out")
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    model = find_bundle(arguments.bundle).read(arguments.precision)
    options = MutationOptions(arguments.runs, arguments.seed, arguments.timeout, not arguments.no_check, arguments.keep)
    with StepBar(options.runs, "mutate") as bar:
        report = run_mutations(model, options, bar)
    print_result(report, _lines(report), arguments.json)
    return 1 if report.lost else 0


def _lines(report: MutationReport) -> list[str]:
    lines = [f"{count:6} {outcome}" for outcome, count in report.outcomes.items()]
    return [*lines, f"{report.lost} of {report.options.runs} crashed their process or timed out."]


mutate = Command(_configure, _run)
