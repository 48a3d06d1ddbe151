"""The subcommand `lwisp bench trials`."""

import argparse

from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.cli.options import DEVICE_HELP, add_clock_options
from lwisp_bench.devices.opening import open_device
from lwisp_bench.results.terminal import percent
from lwisp_bench.runners.instructions.counting import find_counter_kit
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.studies.ab import AbOptions
from lwisp_bench.studies.trials import KINDS, SHARE, Trial, TrialsReport, count_trials, time_trials
from lwisp_mobile.cli.command import add_json_option, print_result
from lwisp_mobile.errors import UsageError

SIDES_PX = {"insn": 32, "wall": 128}
"""Small under emulation; large enough for differences above the clock's noise floor."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    rounds, slice_s = AbOptions.rounds, AbOptions.slice_s
    parser.add_argument("--bundle", default="lwisp", help="whose INT8 model is modified (default: lwisp)")
    parser.add_argument("--trials", type=int, default=20, help="of each kind (default: 20)")
    parser.add_argument("--size", type=int, help="packed side in px (default: 32 for insn, 128 for wall)")
    parser.add_argument("--device", default="local", help=f"for the wall clock: {DEVICE_HELP}")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"for the wall clock (default: {rounds})")
    parser.add_argument("--seconds", type=float, default=slice_s, help=f"for the wall clock (default: {slice_s})")
    add_clock_options(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the trials."""
    if arguments.trials < 1:
        raise UsageError(f"{arguments.trials} trials; give 1 or more.")
    report = _run(arguments)
    heavier, equal = (_counts(report.outcomes(kind)) for kind in KINDS)
    print_result(report, [f"{100 * SHARE:.0f} % heavier: {heavier}", f"equal: {equal}"], arguments.json)
    return 0 if report.passed else 1


def _run(arguments: argparse.Namespace) -> TrialsReport:
    side_px = arguments.size or SIDES_PX[arguments.clock]
    subject = bundle_subject(arguments.bundle, "int8", side_px, ())

    def progress(trial: Trial) -> None:
        ratio = "" if trial.ratio is None else f" ({percent(trial.ratio, 2)})"
        if not arguments.json:
            print(f"{trial.place}, {trial.kind}: {trial.outcome}{ratio}", flush=True)

    if arguments.clock == "insn":
        return count_trials(subject, arguments.trials, arguments.cpus or tuple(QEMU_CPUS), find_counter_kit(), progress)
    with open_device(arguments.device) as device:
        options = AbOptions(arguments.rounds, arguments.seconds)
        return time_trials(subject, arguments.trials, device, options, progress)


def _counts(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
