"""The subcommand `lwisp bench trials`."""

import argparse

from lwisp_bench.cli.clock_options import add_clock_options
from lwisp_bench.devices.opening import open_device
from lwisp_bench.runners.instructions.counting import open_counter
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.studies.ab import ROUNDS, SLICE_S, Turns
from lwisp_bench.studies.trials import SHARE, Trial, TrialsReport, count_trials, time_trials
from lwisp_bench.suite.subjects import bundle_subject
from lwisp_mobile.cli.command import add_json_option, print_json
from lwisp_mobile.errors import UsageError

SIDES_PX = {"insn": 32, "wall": 128}
"""Small where an emulator runs it; large enough where a difference must be above the clock's floor."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trials`."""
    parser.add_argument("--bundle", default="lwisp", help="whose INT8 model is changed (default: lwisp)")
    parser.add_argument("--trials", type=int, default=20, help="of each kind (default: 20)")
    parser.add_argument("--size", type=int, help="packed side in px (default: 32 for insn, 128 for wall)")
    parser.add_argument("--device", default="local", help="for the wall clock (default: local)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"for the wall clock (default: {ROUNDS})")
    parser.add_argument("--seconds", type=float, default=SLICE_S, help=f"for the wall clock (default: {SLICE_S})")
    add_clock_options(parser)
    add_json_option(parser)
    parser.set_defaults(act=_trials)


def _trials(arguments: argparse.Namespace) -> int:
    if arguments.trials < 1:
        raise UsageError(f"{arguments.trials} trials; give 1 or more.")
    report = _run(arguments)
    if arguments.json:
        print_json(report)
    else:
        print(f"{100 * SHARE:.0f} % heavier: {_counts(report.outcomes('heavier'))}")
        print(f"equal: {_counts(report.outcomes('equal'))}")
    return 0 if report.passed else 1


def _run(arguments: argparse.Namespace) -> TrialsReport:
    side_px = arguments.size or SIDES_PX[arguments.clock]
    subject = bundle_subject(arguments.bundle, "int8", side_px, ())

    def tell(trial: Trial) -> None:
        ratio = "" if trial.ratio is None else f" ({100 * (trial.ratio - 1):+.2f} %)"
        if not arguments.json:
            print(f"{trial.place}, {trial.kind}: {trial.outcome}{ratio}", flush=True)

    if arguments.clock == "insn":
        return count_trials(subject, arguments.trials, arguments.cpu or tuple(QEMU_CPUS), open_counter(), tell)
    with open_device(arguments.device) as device:
        return time_trials(subject, arguments.trials, device, Turns(arguments.rounds, arguments.seconds), tell)


def _counts(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
