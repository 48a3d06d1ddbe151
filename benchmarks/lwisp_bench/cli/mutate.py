"""The subcommand mutate."""

import argparse
from pathlib import Path

from lwisp_bench.studies.mutation import MutationOptions, MutationReport, run_mutations
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.progress import StepBar


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder or .zip, or a shipped name")
    parser.add_argument("--precision", default="int8", help="int8 (default), fp16, or what else the bundle holds")
    parser.add_argument("--runs", type=int, default=MutationOptions.runs, help="damaged copies (default: 1000)")
    parser.add_argument("--seed", type=int, default=MutationOptions.seed)
    parser.add_argument("--cap", type=float, default=MutationOptions.cap_s, metavar="S", help="seconds for one copy")
    parser.add_argument("--no-check", action="store_true", help="give copies to the engine unchecked")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep copies that end a process")
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    model = find_bundle(arguments.bundle).read(arguments.precision)
    options = MutationOptions(arguments.runs, arguments.seed, arguments.cap, not arguments.no_check, arguments.keep)
    with StepBar(options.runs, "mutate") as bar:
        report = run_mutations(model, options, lambda: bar("running"))
    if arguments.json:
        print_json(report)
    else:
        print("\n".join(_lines(report)))
    return 1 if report.ended else 0


def _lines(report: MutationReport) -> list[str]:
    lines = [f"{count:6} {outcome}" for outcome, count in report.outcomes.items()]
    return [*lines, f"{report.ended} of {report.options.runs} ended their process; this process ran on."]


mutate = Command(_configure, _run)
