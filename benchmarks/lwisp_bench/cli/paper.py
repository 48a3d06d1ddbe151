"""The subcommand `lwisp bench paper`."""

import argparse
import sys
from pathlib import Path

from lwisp_bench.studies.paper.contestants import PYNET, Choice, contestants
from lwisp_bench.studies.paper.measuring import PaperReport, PaperRow, measure_paper
from lwisp_mobile.cli.command import add_json_option, print_json
from lwisp_mobile.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paper`."""
    parser.add_argument("models", nargs="*", type=Path, help="more .tflite files, measured as they are")
    parser.add_argument("--size", type=int, default=224, help="packed side (default: 224, a picture of 448x448)")
    parser.add_argument("--threads", type=int, default=2, help="default: 2")
    parser.add_argument("--rounds", type=int, default=3, help="each model runs at least twice in each (default: 3)")
    parser.add_argument("--work", type=Path, default=Path("build/paper"), help="what the chain makes (build/paper)")
    add_json_option(parser)
    parser.set_defaults(act=_paper)


def _paper(arguments: argparse.Namespace) -> int:
    if arguments.rounds < 1 or arguments.threads < 1:
        raise UsageError(f"{arguments.rounds} rounds on {arguments.threads} threads; give 1 or more of each.")
    choice = Choice(arguments.size, arguments.work, tuple(arguments.models))
    report = measure_paper(contestants(choice, _say), arguments.threads, arguments.size, arguments.rounds, _say)
    if arguments.json:
        print_json(report)
    else:
        print("\n".join(table(report)))
    return 0 if _student(report).faster >= report.paper_faster else 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _student(report: PaperReport) -> PaperRow:
    """LW-ISP beside PyNET: float on LiteRT, as the paper's comparison is."""
    return next(row for row in report.rows if (row.name, row.precision, row.engine) == ("LW-ISP", "float32", "LiteRT"))


def table(report: PaperReport) -> list[str]:
    """The report for a terminal."""
    student, side = _student(report), 2 * report.side_px
    head = f"{'':<37} {'parameters':>11} {'GMAC':>8} {'p50 ms':>9} {'MAD':>7} {'own MB':>7}  less than PyNET by"
    verdict = "yes" if student.faster >= report.paper_faster else "no"
    return [
        head,
        *(_line(row) for row in report.rows),
        f"paper: {report.paper_fewer_parameters}x fewer parameters, {report.paper_fewer_macs}x less computation, "
        f"at least {report.paper_faster}x faster; here {student.faster:.1f}x ({verdict}), both float on LiteRT",
        f"a picture of {side}x{side}, {report.threads} threads, {report.rounds} rounds in turns, wall clock, "
        f"{report.device.processor or report.device.machine}; {PYNET} has random weights: its pictures mean nothing",
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
