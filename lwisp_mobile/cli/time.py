"""`lwisp time`: how long one inference of a bundle's model takes on this machine, and whether `auto` chooses well."""

import argparse
from typing import Any

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.model_options import add_model_options, bundle_of, note_spare_threads, target_of
from lwisp_mobile.engine.interpreter import find_engine
from lwisp_mobile.engine.precision import AUTO
from lwisp_mobile.engine.precision_check import TOLERANCE, PrecisionCheck, check_precisions
from lwisp_mobile.engine.session import Session
from lwisp_mobile.engine.timing import Timing, TimingSummary, time_session
from lwisp_mobile.errors import UsageError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="packed side in px, a multiple of 16; default: 256")
    parser.add_argument("--runs", type=int, default=30, help="timed runs; default: 30")
    parser.add_argument(
        "--all",
        action="store_true",
        help="time every precision in turns, and check what auto chooses here; exit code 1 if that takes over "
        f"{100 * TOLERANCE:.0f} %% longer than the fastest",
    )
    add_model_options(parser)
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    note_spare_threads(arguments.threads)
    bundle, target = bundle_of(arguments), target_of(arguments)
    if arguments.all:
        return _check(arguments, bundle)
    precision, threads = arguments.precision, arguments.threads
    with Session.from_bundle(bundle, precision=precision, threads=threads, target=target) as session:
        timing = time_session(session, arguments.size, arguments.runs)
    if arguments.json:
        print_json(_record(arguments, bundle, session, timing))
    else:
        print(_line(arguments, bundle, session, timing.summary))
    return 0


def _check(arguments: argparse.Namespace, bundle: Bundle) -> int:
    if arguments.precision != AUTO:
        raise UsageError(f"--all times every precision; leave --precision {arguments.precision} out.")
    found = check_precisions(bundle, arguments.threads, target_of(arguments), arguments.size, arguments.runs)
    if arguments.json:
        print_json(_check_record(arguments, bundle, found))
    else:
        print("\n".join(_check_lines(arguments, bundle, found)))
    return 0 if found.right else 1


def _conditions(arguments: argparse.Namespace, bundle: Bundle) -> dict[str, Any]:
    return {
        "bundle": bundle.name,
        "threads": arguments.threads,
        "packed_px": arguments.size,
        "engine": find_engine(arguments.engine),
        "clock": "wall",
    }


def _record(arguments: argparse.Namespace, bundle: Bundle, session: Session, timing: Timing) -> dict[str, Any]:
    return {
        **_conditions(arguments, bundle),
        "precision": session.contract.precision,
        "notes": session.notes,
        "output_px": arguments.size * session.contract.output_scale,
        "delegate": session.delegate_check or {"delegate": arguments.delegate},
        "summary": timing.summary,
        "timing": timing,
    }


def _check_record(arguments: argparse.Namespace, bundle: Bundle, found: PrecisionCheck) -> dict[str, Any]:
    return {
        **_conditions(arguments, bundle),
        "delegate": {"delegate": arguments.delegate},
        "auto": found.auto,
        "fastest": found.fastest,
        "excess": found.excess,
        "right": found.right,
        "summaries": {precision: timing.summary for precision, timing in found.timings.items()},
        "timings": found.timings,
    }


def _line(arguments: argparse.Namespace, bundle: Bundle, session: Session, summary: TimingSummary) -> str:
    return (
        f"{session.delegate_check.line + ': ' if session.delegate_check else ''}"
        f"{bundle.name} {session.contract.precision}, {arguments.size}x{arguments.size} packed px, "
        f"{arguments.threads} threads, {summary.runs} runs: {_figures(summary)} (wall clock)"
    )


def _check_lines(arguments: argparse.Namespace, bundle: Bundle, found: PrecisionCheck) -> list[str]:
    return [
        f"{bundle.name}, {arguments.size}x{arguments.size} packed px, {arguments.threads} threads, "
        f"{arguments.runs} turns (wall clock)",
        *(f"  {precision:<8}{_figures(timing.summary)}" for precision, timing in found.timings.items()),
        *(f"auto: {note}" for note in found.auto.notes),
        _verdict(found),
    ]


def _verdict(found: PrecisionCheck) -> str:
    if found.auto.precision == found.fastest:
        return f"That is right here: {found.fastest} is the fastest."
    slower = f"{found.auto.precision} takes {found.excess:.1%} longer than {found.fastest}"
    return f"That is right here: {slower}." if found.right else f"That is wrong here: {slower}; give --precision."


def _figures(summary: TimingSummary) -> str:
    return f"p50 {summary.p50_ms:.1f} ms, p90 {summary.p90_ms:.1f} ms, MAD {summary.mad_ms:.2f} ms"


time = Command(_configure, _run)
