"""The subcommand `lwisp bench paper`."""

import argparse
import sys
from pathlib import Path

from lwisp_bench.cases.subject import file_subject
from lwisp_bench.studies.paper.contestants import PYNET, Choice, contestants
from lwisp_bench.studies.paper.measurement import PaperOptions, PaperReport, PaperRow, measure_paper
from lwisp_mobile.cli.command import add_json_option, print_result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("models", nargs="*", type=Path, help="more .tflite files, measured as they are")
    parser.add_argument("--size", type=int, default=224, help="packed side (default: 224, a picture of 448x448)")
    parser.add_argument("--threads", type=int, default=PaperOptions.threads, help="default: 2")
    parser.add_argument(
        "--rounds", type=int, default=PaperOptions.rounds, help="at least two runs of each model per round (default: 3)"
    )
    parser.add_argument("--work", type=Path, default=Path("build/paper"), help="for converted models (build/paper)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Convert, measure and print the table; exit code 1 if the paper's speed-up isn't reached."""
    options = PaperOptions(arguments.size, arguments.threads, arguments.rounds)
    choice = Choice(arguments.size, arguments.work, tuple(arguments.models))
    for model in choice.others:
        file_subject(model, {})  # refused now, not after the minutes that PyNET takes
    report = measure_paper(contestants(choice, _progress), options, _progress)
    print_result(report, table(report), arguments.json)
    return 0 if report.reproduced else 1


def _progress(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def table(report: PaperReport) -> list[str]:
    """The report for a terminal."""
    side_px = 2 * report.side_px
    head = f"{'':<37} {'parameters':>11} {'GMAC':>8} {'p50 ms':>9} {'MAD':>7} {'own MB':>7}  PyNET's are larger by"
    verdict = "reached" if report.reproduced else "not reached"
    return [
        head,
        *(_line(row) for row in report.rows),
        f"paper: {report.paper_fewer_parameters}x fewer parameters, {report.paper_fewer_macs}x less computation, "
        f"at least {report.paper_faster}x faster; here {report.student.faster:.1f}x ({verdict}), both float on LiteRT",
        f"a picture of {side_px}x{side_px}, {report.threads} threads, {report.rounds} rounds in turns, wall clock, "
        f"{report.device.processor or report.device.machine}; {PYNET} has random weights: its pictures are meaningless",
    ]


def _line(row: PaperRow) -> str:
    parameters = "?" if row.parameters is None else f"{row.parameters:,}"
    macs = "?" if row.macs is None else f"{row.macs / 1e9:.2f}"
    own = "?" if row.own_bytes is None else f"{row.own_bytes / 1e6:.0f}"
    left = f", {len(row.coverage.undelegated)} nodes undelegated" if row.coverage and row.coverage.undelegated else ""
    ratios = (
        ("parameters", row.fewer_parameters),
        ("GMAC", row.fewer_macs),
        ("time", row.faster),
        ("memory", row.less_memory),
    )
    shown = ", ".join(f"{name} {value:.1f}x" for name, value in ratios if value is not None)
    return (
        f"{row.name:<14} {row.precision:<8} {row.engine:<13} {parameters:>11} {macs:>8} {row.p50_ms:>9.1f} "
        f"{row.mad_ms:>7.1f} {own:>7}  {'' if row.name == PYNET else shown}{left}"
    )
