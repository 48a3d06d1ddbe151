"""The subcommand `lwisp bench preprocess`."""

import argparse
from math import sqrt

from lwisp_bench.studies.preprocess import PreprocessReport, Step, measure_preprocess
from lwisp_mobile.cli.command import add_json_option, print_result
from lwisp_mobile.errors import UsageError

ASPECT = 4 / 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--megapixels", type=float, default=12.0, help="of a 4:3 frame (default: 12)")
    parser.add_argument("--turns", type=int, default=5, help="frames per stage (default: 5)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if arguments.turns < 1 or not arguments.megapixels > 0:
        raise UsageError(f"{arguments.turns} turns of {arguments.megapixels} megapixels; give more than 0 of each.")
    height_px = max(2, round(sqrt(arguments.megapixels * 1e6 / ASPECT) / 2) * 2)
    report = measure_preprocess(height_px, max(2, round(height_px * ASPECT / 2) * 2), arguments.turns)
    print_result(report, lines(report), arguments.json)
    return 0


def lines(report: PreprocessReport) -> list[str]:
    """A report as text."""
    return [
        f"{report.width_px}x{report.height_px} px on one core, INT8 codes, median of {len(report.once[0].samples_ms)} "
        "frames, processor time",
        *map(_line, report.cumulative),
        "once per frame, where neither file nor user says it:",
        *map(_line, report.once),
    ]


def _line(step: Step) -> str:
    return f"  {step.name:<30} {step.median_ms:7.1f} ms"
