"""The subcommand `lwisp bench ab`."""

import argparse
from pathlib import Path

from lwisp_bench.cases.setup import NativeTool, Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.cli.options import (
    DEVICE_HELP,
    add_clock_options,
    add_gate_option,
    add_reach_options,
    add_runtime_option,
    add_shape_option,
    gate_limits,
)
from lwisp_bench.devices.opening import open_device
from lwisp_bench.results.file_comparison import exit_code
from lwisp_bench.results.terminal import comparison_lines, percent
from lwisp_bench.runners.instructions.counting import find_counter_kit
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.runners.native.tool import FETCH, read_tool
from lwisp_bench.runners.remote_worker import WorkerOptions
from lwisp_bench.studies.ab import AbOptions, AbReport, count_ab, run_ab
from lwisp_bench.suite.definition import Suite
from lwisp_bench.suite.plan import load_subjects
from lwisp_mobile.cli.command import add_json_option, print_result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("base", help="a .tflite file, a bundle's folder, or a shipped name")
    parser.add_argument("new", help="another")
    parser.add_argument("--device", default="local", help=DEVICE_HELP)
    parser.add_argument("--rounds", type=int, default=AbOptions.rounds, help=f"default: {AbOptions.rounds}")
    parser.add_argument(
        "--seconds",
        type=float,
        default=AbOptions.slice_s,
        help=f"of each model per round (default: {AbOptions.slice_s})",
    )
    parser.add_argument("--precision", default="int8", help="of bundles (default: int8)")
    parser.add_argument("--size", type=int, default=256, help="of bundles: packed side (default: 256)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--affinity", default="all", help="all (default), big, little, or CPUs such as 0,2-3")
    parser.add_argument("--native", metavar="FILE|fetch", help="by this benchmark_model; fetch: LiteRT's prebuilt one")
    help_text = "one more flag for it; repeatable"
    parser.add_argument("--native-flag", dest="native_flags", action="append", default=[], help=help_text)
    add_gate_option(parser)
    add_reach_options(parser)
    add_runtime_option(parser)
    add_shape_option(parser)
    add_clock_options(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare two models by time or by instructions."""
    suite = Suite(
        models=(arguments.base, arguments.new),
        precisions=(arguments.precision,),
        sizes=(arguments.size,),
        shapes=tuple(arguments.shapes),
    )
    base, new = load_subjects(suite)
    return _count(base, new, arguments) if arguments.clock == "insn" else _time(base, new, arguments)


def _time(base: Subject, new: Subject, arguments: argparse.Namespace) -> int:
    gate = gate_limits(arguments)
    given = None if arguments.native in (None, FETCH) else read_tool(Path(arguments.native))
    native = None
    if arguments.native is not None:
        native = NativeTool(None if given is None else given.sha256, tuple(arguments.native_flags))
    setup = Setup(arguments.threads, arguments.affinity, runner="python" if native is None else "native", tool=native)
    worker = WorkerOptions(arguments.python, arguments.runtime)
    options = AbOptions(arguments.rounds, arguments.seconds, gate, worker, given)
    with open_device(arguments.device, arguments.ssh_config) as device:
        report = run_ab(device, base, new, setup, options)
    print_result(report, _lines(report), arguments.json)
    return exit_code([report.judgement.outcome])


def _count(base: Subject, new: Subject, arguments: argparse.Namespace) -> int:
    kit = find_counter_kit()
    found = [count_ab(base, new, cpu, kit) for cpu in arguments.cpus or QEMU_CPUS]
    print_result(found, (line for comparison in found for line in comparison_lines(comparison)), arguments.json)
    return exit_code(comparison.outcome for comparison in found)


def _lines(report: AbReport) -> list[str]:
    head = f"{report.device.name}: {report.base.name} to {report.new.name}, {report.setup.threads} threads (wall clock)"
    j = report.judgement
    if report.result is None or j.ratio is None or j.low is None or j.high is None:
        return [head, f"  {j.outcome}: {j.reason}"]
    runs = sum(len(one.base_ms) + len(one.new_ms) for one in report.result.rounds)
    return [
        head,
        f"  {j.outcome}: {j.base_p50_ms:.2f} ms to {j.new_p50_ms:.2f} ms (p50), {percent(j.ratio)}, "
        f"interval {percent(j.low)} to {percent(j.high)}",
        f"  {j.reason}; {len(report.result.rounds)} rounds, {runs} runs",
    ]
