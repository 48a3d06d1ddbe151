"""The subcommand `lwisp bench devices`."""

import argparse

from lwisp_bench.cli.options import add_reach_options
from lwisp_bench.devices.diagnosis import diagnose
from lwisp_bench.results.terminal import device_lines
from lwisp_mobile.cli.command import add_json_option, print_result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--device", action="append", default=[], help="one more, such as ssh:pi@board; repeatable")
    add_reach_options(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Diagnose this host, what adb lists, and the devices named."""
    found = diagnose(tuple(arguments.device), arguments.python, arguments.ssh_config)
    print_result(found, (line for diagnosis in found for line in device_lines(diagnosis)), arguments.json)
    return 0
