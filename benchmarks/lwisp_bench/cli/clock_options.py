"""The options of `lwisp bench run` that choose the clock."""

import argparse

from lwisp_bench.runners.instructions.cpus import QEMU_CPUS


def add_clock_options(parser: argparse.ArgumentParser) -> None:
    """Add --clock and --cpu."""
    parser.add_argument(
        "--clock",
        choices=["wall", "insn"],
        default="wall",
        help="insn: count retired arm64 instructions per inference under emulation; no latency",
    )
    parser.add_argument("--cpu", action="append", help=f"for insn: {', '.join(QEMU_CPUS)} (default: all); repeatable")
