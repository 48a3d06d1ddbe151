"""The subcommand `lwisp bench ab`."""

import argparse
from pathlib import Path

from lwisp_bench.cli.clock_options import add_clock_options
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.opening import open_device
from lwisp_bench.results import instruction_compare as comparison
from lwisp_bench.results.instruction_compare import CostComparison
from lwisp_bench.results.instruction_text import cost_comparison_lines
from lwisp_bench.runners.instructions.counting import count_instructions, open_counter
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.studies.ab import ROUNDS, SLICE_S, AbReport, Turns, run_ab
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject, bundle_subject, file_subject
from lwisp_bench.suite.suite import parse_shape
from lwisp_mobile.cli.command import add_json_option, print_json

EXIT_CODES = {"slower": 1, "faster": 0, "equal": 0, "inconclusive": 3}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ab`."""
    parser.add_argument("base", help="a .tflite file, a bundle's folder, or a shipped name")
    parser.add_argument("new", help="another")
    parser.add_argument("--device", default="local", help="local (default), ssh:USER@HOST[:PORT] or adb:SERIAL")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument("--seconds", type=float, default=SLICE_S, help=f"of each model in a round (default: {SLICE_S})")
    parser.add_argument("--precision", default="int8", help="of bundles (default: int8)")
    parser.add_argument("--size", type=int, default=256, help="of bundles: packed side (default: 256)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--affinity", default="all", help="all (default), big, little, or CPUs as 0,2-3")
    parser.add_argument("--no-gate", action="store_true", help="measure a hot or capped device, too")
    parser.add_argument("--python", help="the device's Python (default: python3)")
    parser.add_argument("--ssh-config", type=Path, help="an ssh_config file instead of your own")
    parser.add_argument(
        "--shape", type=parse_shape, action="append", default=[], help="input=1,224,224,3 for .tflite files; repeatable"
    )
    add_clock_options(parser)
    add_json_option(parser)
    parser.set_defaults(act=_ab)


def _ab(arguments: argparse.Namespace) -> int:
    base, new = (_subject(name, arguments) for name in (arguments.base, arguments.new))
    return _count(base, new, arguments) if arguments.clock == "insn" else _time(base, new, arguments)


def _subject(name: str, arguments: argparse.Namespace) -> Subject:
    if name.endswith(".tflite"):
        return file_subject(Path(name), {one.input: one.shape for one in arguments.shape})
    return bundle_subject(name, arguments.precision, arguments.size, ())


def _time(base: Subject, new: Subject, arguments: argparse.Namespace) -> int:
    setup = Setup(arguments.threads, arguments.affinity)
    options = RunOptions(arguments.python, gate=None if arguments.no_gate else GateLimits())
    turns = Turns(arguments.rounds, arguments.seconds)
    with open_device(arguments.device, arguments.ssh_config) as device:
        report = run_ab(device, base, new, setup=setup, turns=turns, options=options)
    if arguments.json:
        print_json(report)
    else:
        print("\n".join(_lines(report)))
    return EXIT_CODES[report.judgement.outcome]


def _count(base: Subject, new: Subject, arguments: argparse.Namespace) -> int:
    counter = open_counter()
    found: list[CostComparison] = []
    for cpu in arguments.cpu or QEMU_CPUS:
        before, after = (count_instructions(subject, cpu, counter) for subject in (base, new))
        found.append(comparison.compare_cost(f"insn:{cpu}: {base.name} to {new.name}", before, after))
    if arguments.json:
        print_json(found)
    for one in () if arguments.json else found:
        print("\n".join(cost_comparison_lines(one)))
    return comparison.exit_code(found)


def _lines(report: AbReport) -> list[str]:
    head = f"{report.device.name}: {report.base.name} to {report.new.name}, {report.setup.threads} threads (wall clock)"
    j = report.judgement
    if report.duel is None or j.ratio is None or j.low is None or j.high is None:
        return [head, f"  {j.outcome}: {j.reason}"]
    runs = sum(len(one.base_ms) + len(one.new_ms) for one in report.duel.rounds)
    return [
        head,
        f"  {j.outcome}: {j.base_p50_ms:.2f} ms to {j.new_p50_ms:.2f} ms (p50), {100 * (j.ratio - 1):+.1f} %, "
        f"interval {100 * (j.low - 1):+.1f} to {100 * (j.high - 1):+.1f} %",
        f"  {j.reason}; {len(report.duel.rounds)} rounds, {runs} runs",
    ]
