"""`lwisp verify --backends`: any model on many backends, in one table."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import print_progress
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import print_result
from lwisp_mobile.errors import UsageError


def add_backends_options(parser: argparse.ArgumentParser) -> None:
    """Add --backends, --model and --install."""
    group = parser.add_argument_group("many backends")
    group.add_argument(
        "--backends",
        nargs="*",
        metavar="NAME",
        help="run the bundle's models on these backends, or on all; exit code 1 if one that is here refuses a model",
    )
    group.add_argument("--model", type=Path, metavar="TFLITE", help="anyone's .tflite instead of a bundle")
    group.add_argument(
        "--install", action="store_true", help="first get what the backends lack, pinned, into the cache"
    )


def verify_on_backends(arguments: argparse.Namespace) -> int:
    """Run them, print the table, and write the page if it's asked for. Returns 1 if a backend refuses a model."""
    # Here, because the compilers' tables take half a second to load.
    from lwisp_export.verification.backends.registry import choose_backends  # noqa: PLC0415
    from lwisp_export.verification.backends.table import install, lines, verify_backends  # noqa: PLC0415
    from lwisp_export.verification.report.backends_page import write_backends_report  # noqa: PLC0415

    if arguments.raw:
        raise UsageError("--backends takes no RAW files: it compares backends on the same synthetic tile.")
    backends = choose_backends(arguments.backends)
    if arguments.install:
        install(backends, print_progress)
    path = arguments.model or find_bundle(arguments.bundle).folder
    report = verify_backends(path, _checkpoint(arguments), backends, print_progress)
    print_result(report, lines(report), arguments.json)
    if arguments.report is not None:
        print_progress(f"report: {write_backends_report(report, path.name, arguments.report)}")
    return 1 if any(row.failed for row in report.rows) else 0


def _checkpoint(arguments: argparse.Namespace) -> Path | None:
    """The checkpoint that is named, or that ships with a shipped bundle; None where there is none."""
    if arguments.checkpoint is not None or arguments.model is not None:
        given: Path | None = arguments.checkpoint
        return given
    try:
        return shipped_checkpoint(find_bundle(arguments.bundle).name)
    except UsageError:
        return None
