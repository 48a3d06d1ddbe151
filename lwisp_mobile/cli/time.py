"""`lwisp time`: how long one inference of a bundle's model takes on this machine."""

import argparse
from typing import Any

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.model_options import add_model_options, bundle_of, note_spare_threads, target_of
from lwisp_mobile.engine.interpreter import find_engine
from lwisp_mobile.engine.session import Session
from lwisp_mobile.engine.timing import Timing, TimingSummary, time_session


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="packed side in px, a multiple of 16; default: 256")
    parser.add_argument("--runs", type=int, default=30, help="timed runs; default: 30")
    add_model_options(parser)
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    note_spare_threads(arguments.threads)
    bundle, precision = bundle_of(arguments), arguments.precision
    contract = bundle.model(precision).contract
    with Session(bundle.read(precision), contract, threads=arguments.threads, target=target_of(arguments)) as session:
        timing = time_session(session, arguments.size, arguments.runs)
    if arguments.json:
        print_json(_record(arguments, bundle, session, timing))
    else:
        print(_line(arguments, bundle, session, timing.summary))
    return 0


def _record(arguments: argparse.Namespace, bundle: Bundle, session: Session, timing: Timing) -> dict[str, Any]:
    return {
        "bundle": bundle.name,
        "precision": arguments.precision,
        "threads": arguments.threads,
        "packed_px": arguments.size,
        "output_px": arguments.size * session.contract.output_scale,
        "engine": find_engine(arguments.engine),
        "delegate": session.delegate_check or {"delegate": arguments.delegate},
        "clock": "wall",
        "summary": timing.summary,
        "timing": timing,
    }


def _line(arguments: argparse.Namespace, bundle: Bundle, session: Session, summary: TimingSummary) -> str:
    return (
        f"{session.delegate_check.line + ': ' if session.delegate_check else ''}"
        f"{bundle.name} {arguments.precision}, {arguments.size}x{arguments.size} packed px, "
        f"{arguments.threads} threads, {summary.runs} runs: "
        f"p50 {summary.p50_ms:.1f} ms, p90 {summary.p90_ms:.1f} ms, MAD {summary.mad_ms:.2f} ms (wall clock)"
    )


time = Command(_configure, _run)
