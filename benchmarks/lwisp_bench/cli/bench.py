"""The subcommand `lwisp bench`: devices, run, suite, compare, ab, trials, paper, preprocess, report."""

import argparse
from pathlib import Path

from lwisp_bench.cli import ab, paper, preprocess, trials
from lwisp_bench.cli.clock_options import add_clock_options
from lwisp_bench.cli.native_options import add_native_options
from lwisp_bench.cli.report import configure_report
from lwisp_bench.devices.diagnosis import diagnose
from lwisp_bench.results import compare_files as comparing
from lwisp_bench.results.record import Record
from lwisp_bench.results.text import device_lines, record_lines
from lwisp_bench.runners.app_run import read_measurements
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.runners.instructions.running import count_plan
from lwisp_bench.suite.running import Unusable, exit_code, run_plan
from lwisp_bench.suite.setups import MODES
from lwisp_bench.suite.suite import Suite, parse_shape, plan_of, read_suite
from lwisp_mobile.cli.command import Command, add_json_option, print_json


def _configure(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(
        dest="bench", required=True, metavar="{devices,run,suite,compare,ab,trials,paper,preprocess,report}"
    )
    _configure_devices(commands.add_parser("devices", help="list devices, and what keeps each from being measured"))
    _configure_run(commands.add_parser("run", help="measure models on devices"))
    _configure_suite(commands.add_parser("suite", help="measure what a TOML file lists"))
    _configure_compare(commands.add_parser("compare", help="whether new results are slower or costlier; 1 if so"))
    ab.configure(commands.add_parser("ab", help="two models in turns; exit code 1 if the second is slower"))
    trials.configure(commands.add_parser("trials", help="the gate tried on models made heavier, and on equal ones"))
    paper.configure(commands.add_parser("paper", help="PyNET and LW-ISP on this machine, beside the paper's claims"))
    _configure_preprocess(commands.add_parser("preprocess", help="what pre-processing costs, stage by stage"))
    configure_report(commands.add_parser("report", help="results as one HTML page, or as Markdown"))


def _configure_devices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", action="append", default=[], help="one more, such as ssh:pi@board; repeatable")
    parser.add_argument("--python", help="the devices' Python (default: python3)")
    parser.add_argument("--ssh-config", type=Path, help="an ssh_config file instead of your own")
    add_json_option(parser)
    parser.set_defaults(act=_devices)


def _configure_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", default=["lwisp"], help=".tflite files, bundles' folders, shipped names")
    parser.add_argument(
        "--device", action="append", help="local (default), ssh:USER@HOST[:PORT] or adb:SERIAL; repeatable"
    )
    parser.add_argument("--mode", choices=list(MODES), default="quick", help="how long (default: quick)")
    parser.add_argument("--runs", type=int, help="instead of the mode's smallest number of runs")
    parser.add_argument("--seconds", type=float, help="instead of the mode's shortest time")
    parser.add_argument("--precision", action="append", help="of bundles: int8 (default), fp16; repeatable")
    parser.add_argument("--size", type=int, action="append", help="of bundles: packed side (default: 256); repeatable")
    parser.add_argument("--raw", action="append", default=[], help="feed bundles this RAW photograph; repeatable")
    parser.add_argument(
        "--shape", type=parse_shape, action="append", default=[], help="input=1,224,224,3 for a .tflite; repeatable"
    )
    add_clock_options(parser)
    add_native_options(parser)
    parser.add_argument("--threads", type=int, action="append", help="default: 1; repeatable")
    parser.add_argument("--affinity", action="append", help="all (default), big, little, or CPUs as 0,2-3; repeatable")
    parser.add_argument("--no-gate", action="store_true", help="measure hot or capped devices, too")
    parser.add_argument("--python", help="the devices' Python (default: python3)")
    parser.add_argument("--bring-runtime", action="store_true", help="push LiteRT and numpy to boards that lack them")
    parser.add_argument("--ssh-config", help="an ssh_config file instead of your own")
    _add_output(parser)
    parser.set_defaults(act=_run)


def _configure_suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", type=Path, help="a TOML file: models, precisions, sizes, threads, devices, mode, …")
    _add_output(parser)
    parser.set_defaults(act=lambda arguments: _measure(read_suite(arguments.suite), arguments))


def _configure_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", type=Path, help="a results file")
    parser.add_argument("new", type=Path, help="another of the same device, models' names and setups")
    add_json_option(parser)
    parser.set_defaults(act=_compare)


def _configure_preprocess(parser: argparse.ArgumentParser) -> None:
    preprocess.configure(parser)
    parser.set_defaults(act=preprocess.run)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("results.json"), help="gone on with if it's there (results.json)"
    )
    add_json_option(parser)


def _bench(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _devices(arguments: argparse.Namespace) -> int:
    found = diagnose(tuple(arguments.device), arguments.python, arguments.ssh_config)
    if arguments.json:
        print_json(found)
    else:
        for diagnosis in found:
            print("\n".join(device_lines(diagnosis)))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    suite = Suite(
        models=tuple(arguments.models),
        devices=tuple(arguments.device or ["local"]),
        precisions=tuple(arguments.precision or ["int8"]),
        sizes=tuple(arguments.size or [256]),
        threads=tuple(arguments.threads or [1]),
        affinities=tuple(arguments.affinity or ["all"]),
        mode=arguments.mode,
        runs=arguments.runs,
        seconds=arguments.seconds,
        raws=tuple(arguments.raw),
        shapes=tuple(arguments.shape),
        native=arguments.native,
        native_flags=tuple(arguments.native_flag),
        gate=not arguments.no_gate,
        python=arguments.python,
        bring_runtime=arguments.bring_runtime,
        ssh_config=arguments.ssh_config,
        clock=arguments.clock,
        cpus=tuple(arguments.cpu or QEMU_CPUS),
    )
    return _measure(suite, arguments)


def _measure(suite: Suite, arguments: argparse.Namespace) -> int:
    told: list[Record] = []
    unusable: tuple[Unusable, ...]

    def tell(record: Record, done_before: bool) -> None:
        told.append(record)
        if not arguments.json:
            print("\n".join(record_lines(record, done_before)), flush=True)

    plan, unusable = plan_of(suite), ()
    if suite.clock == "insn":
        results = count_plan(plan.subjects, suite.cpus, arguments.output, tell)
    else:
        results, unusable = run_plan(plan, arguments.output, tell)
    if arguments.json:
        print_json({"results": results, "unusable": unusable})
    for one in () if arguments.json else unusable:
        print(f"{one.device}: not measured further: {one.reason}")
    return exit_code(told, unusable)


def _compare(arguments: argparse.Namespace) -> int:
    found = comparing.compare_files(read_measurements(arguments.base), read_measurements(arguments.new))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(comparing.lines(found)))
    return comparing.exit_code(found)


bench = Command(_configure, _bench)
