"""The subcommand `lwisp bench run`."""

import argparse
from dataclasses import fields
from typing import Any, get_args

from lwisp_bench.cases.setup import MODES
from lwisp_bench.cli import options
from lwisp_bench.cli.suite import measure_suite
from lwisp_bench.runners.android_app import Accelerator
from lwisp_bench.suite.definition import Suite
from lwisp_mobile.cli.command import add_json_option


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: a suite's fields, whose defaults apply to what isn't given."""
    add = parser.add_argument
    add("models", nargs="*", help=".tflite files, bundles' folders, shipped names (default: lwisp)")
    add("--device", dest="devices", action="append", help=f"{options.DEVICE_HELP}; repeatable")
    add("--mode", choices=list(MODES), help="how long (default: quick)")
    add("--runs", type=int, help="instead of the mode's minimum number of runs")
    add("--seconds", type=float, help="instead of the mode's minimum time")
    add("--precision", dest="precisions", action="append", help="of bundles: int8 (default), fp16; repeatable")
    add("--size", dest="sizes", type=int, action="append", help="of bundles: packed side (default: 256); repeatable")
    add("--raw", dest="raws", action="append", help="RAW photograph as bundles' input; repeatable")
    options.add_shape_option(parser)
    options.add_clock_options(parser)
    help_text = "run this benchmark_model, built for the devices, instead of the worker; fetch: LiteRT's prebuilt one"
    add("--native", metavar="FILE|fetch", help=help_text)
    help_text = "a library that it loads, such as an accelerator's; repeatable"
    add("--native-library", dest="native_libraries", action="append", metavar="FILE", help=help_text)
    help_text = "one more flag for it, such as --native-flag=--use_gpu=true; repeatable"
    add("--native-flag", dest="native_flags", action="append", metavar="FLAG", help=help_text)
    add("--launches", type=int, help="how often it is launched, each launch a sample (default: 20)")
    help_text = "measure in the Android demo app; with its .apk, install that first"
    add("--app", nargs="?", const="", metavar="APK", help=help_text)
    add("--accelerator", choices=get_args(Accelerator), help="what the app runs models on (default: cpu)")
    add("--threads", type=int, action="append", help="default: 1; repeatable")
    help_text = "all (default), big, little, or CPUs such as 0,2-3; repeatable"
    add("--affinity", dest="affinities", action="append", help=help_text)
    options.add_gate_option(parser)
    options.add_reach_options(parser)
    options.add_runtime_option(parser)
    options.add_output_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure every model in every setup on every device."""
    found = {field.name: getattr(arguments, field.name) for field in fields(Suite)}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found.items()
        if value not in (None, [])
    }
    return measure_suite(Suite(**given), arguments.output, arguments.json)
