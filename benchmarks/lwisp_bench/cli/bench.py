"""The subcommand `lwisp bench`, of subcommands."""

import argparse
from collections.abc import Callable

from lwisp_bench.cli import ab, compare, devices, paper, preprocess, report, run, serve, suite, trials
from lwisp_mobile.cli.command import Command

Configure = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]

_SUBCOMMANDS: tuple[tuple[str, str, Configure, Run], ...] = (
    ("devices", "list devices, and what each lacks to be measured", devices.configure, devices.run),
    ("run", "measure models on devices", run.configure, run.run),
    ("serve", "measure in browsers: a page for phones and laptops, with a QR code", serve.configure, serve.run),
    ("suite", "measure what a TOML file lists", suite.configure, suite.run),
    ("compare", "whether new results are slower or costlier; exit code 1 if so", compare.configure, compare.run),
    ("ab", "interleave two models; exit code 1 if the second is slower or costlier", ab.configure, ab.run),
    ("trials", "test the gate on models made heavier, and on equal ones", trials.configure, trials.run),
    ("paper", "PyNET and LW-ISP on this machine, against the paper's claims", paper.configure, paper.run),
    ("preprocess", "what pre-processing costs, stage by stage", preprocess.configure, preprocess.run),
    ("report", "results as one HTML page, or as Markdown", report.configure, report.run),
)


def _configure(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="subcommand", required=True)
    for name, summary, configure, act in _SUBCOMMANDS:
        subparser = commands.add_parser(name, help=summary)
        configure(subparser)
        subparser.set_defaults(act=act)


def _bench(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


bench = Command(_configure, _bench)
