"""Options that several subcommands of `lwisp bench` share."""

import argparse
from pathlib import Path
from typing import get_args

from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.python_route import Runtime
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.suite.definition import parse_shape

DEVICE_HELP = "local (default), ssh:USER@HOST[:PORT] or adb:SERIAL"


def add_clock_options(parser: argparse.ArgumentParser) -> None:
    """Add --clock and --cpu."""
    parser.add_argument(
        "--clock",
        choices=["wall", "insn"],
        default="wall",
        help="insn: count retired arm64 instructions per inference under emulation; not a latency",
    )
    help_text = f"emulated CPU for insn: {', '.join(QEMU_CPUS)} (default: all); repeatable"
    parser.add_argument("--cpu", dest="cpus", action="append", help=help_text)


def add_reach_options(parser: argparse.ArgumentParser) -> None:
    """Add --python and --ssh-config."""
    parser.add_argument("--python", help="the devices' Python (default: python3)")
    parser.add_argument("--ssh-config", metavar="FILE", help="an ssh_config file instead of your own")


def add_runtime_option(parser: argparse.ArgumentParser) -> None:
    """Add --runtime."""
    help_text = "whose Python and LiteRT: the device's own, or brought (arm64); auto: its own if it has LiteRT"
    parser.add_argument("--runtime", choices=get_args(Runtime), default="auto", help=help_text)


def add_gate_option(parser: argparse.ArgumentParser) -> None:
    """Add --no-gate and the gate's limits."""
    parser.add_argument("--no-gate", dest="gate", action="store_false", help="measure hot or throttled devices, too")
    add, default = parser.add_argument, GateLimits
    add("--max-celsius", type=float, default=default.max_celsius, help="of battery and skin (default: 37)")
    add("--max-wait", dest="max_wait_s", type=float, default=default.max_wait_s, help="seconds to cool (default: 120)")


def gate_limits(arguments: argparse.Namespace) -> GateLimits | None:
    """The gate that the options ask for; None: none."""
    return GateLimits(arguments.max_celsius, arguments.max_wait_s) if arguments.gate else None


def add_shape_option(parser: argparse.ArgumentParser) -> None:
    """Add --shape."""
    help_text = "input=1,224,224,3: a shape for a .tflite's input; repeatable"
    parser.add_argument("--shape", dest="shapes", type=parse_shape, action="append", default=[], help=help_text)


def add_output_option(parser: argparse.ArgumentParser) -> None:
    """Add -o for a results file."""
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("results.json"), help="continued if it exists (default: results.json)"
    )
