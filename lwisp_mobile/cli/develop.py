"""`lwisp develop`: RAW files to pictures; one by itself, or many by several processes or a cluster."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lwisp_mobile.batch.jobs import Failed, Job, Outcome, Settings, develop_job, plan_jobs, summarise
from lwisp_mobile.batch.sources import STDIN, Source, find_sources, keep_stdin
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.model_options import add_model_options, bundle_of, note_spare_threads, target_of
from lwisp_mobile.cli.picture_options import add_picture_options, picture_options_of
from lwisp_mobile.cli.raw_options import add_raw_options, add_sandbox_option, hints_of
from lwisp_mobile.engine.delegate_check import DelegateCheck, check_delegate
from lwisp_mobile.engine.precision import choose_precision
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import Developed, DevelopOptions
from lwisp_mobile.memory import available_bytes, parse_bytes
from lwisp_mobile.progress import StepBar, track, write_line

_STEPS = 3
"""Reading, developing, writing."""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "raw",
        type=Path,
        nargs="+",
        help="camera RAW files, mosaics with a sidecar or flags, folders of these, or - for standard input",
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders' folders, too")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help=".png, .jpg or .tif (16 bits), or a folder, which is created; default: next to the RAW file",
    )
    parser.add_argument("--type", choices=("png", "jpg", "tif"), help="file type where -o names no file; default: png")
    add_picture_options(parser)
    parser.add_argument("--strip-gps", action="store_true", help="leave out of the picture's Exif where it was taken")
    parser.add_argument(
        "--max-memory",
        type=parse_bytes,
        metavar="SIZE",
        help="memory budget of each process, such as 400MB; default: its share of what is free",
    )
    add_model_options(parser)
    add_sandbox_option(parser)
    many = parser.add_argument_group("several files")
    many.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes at once, which share --threads; default: 1"
    )
    many.add_argument("--dask", metavar="ADDRESS", help="develop on a Dask cluster that sees the same files")
    add_raw_options(parser)
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.jobs < 1:
        raise UsageError(f"--jobs {arguments.jobs} is too few; give 1 or more.")
    note_spare_threads(arguments.threads)
    with _given(arguments) as sources:
        return _develop(plan_jobs(sources, arguments.output, arguments.type and f".{arguments.type}"), arguments)


@contextmanager
def _given(arguments: argparse.Namespace) -> Iterator[tuple[Source, ...]]:
    """The RAW files; standard input is kept in a temporary one."""
    if STDIN not in arguments.raw:
        yield find_sources(arguments.raw, recursive=arguments.recursive)
        return
    if len(arguments.raw) > 1 or arguments.output is None or arguments.dask:
        raise UsageError(
            "- is a single RAW file from standard input; name its picture with -o; no other files, no --dask."
        )
    if sys.stdin.isatty():
        raise UsageError("- reads a RAW file from standard input, which is the terminal; write: lwisp develop - < FILE")
    with tempfile.TemporaryDirectory(prefix="lwisp-") as folder:
        # A mosaic without a header is known by its name.
        name = "stdin" if arguments.size is None else "stdin.raw"
        yield (Source(keep_stdin(sys.stdin.buffer, Path(folder) / name)),)


def _develop(jobs: Sequence[Job], arguments: argparse.Namespace) -> int:
    settings = _settings(arguments, len(jobs))
    # A bundle, option or delegate that can't be used is refused once, not once per file. Whoever does the jobs, on
    # whatever machine, runs the same model.
    chosen = choose_precision(settings.bundle, settings.precision, settings.target)
    if len(jobs) > 1 or arguments.dask:
        # Else it's among the picture's own notes.
        settings = replace(settings, precision=chosen.precision)
        for note in chosen.notes:
            _note(note)
    model = settings.bundle.read(chosen.precision)
    settings.options.check_for(settings.bundle.model(chosen.precision).contract.input)
    if arguments.dask is None:
        _report_delegate(check_delegate(model, settings.target, settings.threads))
    start, outcomes = time.perf_counter(), []
    for outcome in _outcomes(jobs, settings, arguments):
        outcomes.append(outcome)
        if not arguments.json:
            _report(outcome)
    at_once = 0 if arguments.dask else min(arguments.jobs, len(jobs))
    summary = summarise(outcomes, at_once, time.perf_counter() - start)
    if arguments.json:
        print_json(summary)
    elif len(jobs) > 1:
        print(f"{len(summary.developed)} developed, {len(summary.failed)} failed in {summary.wall_s:.1f} s")
    return 2 if summary.failed else 0


def _settings(arguments: argparse.Namespace, files: int) -> Settings:
    at_once = 1 if arguments.dask else min(arguments.jobs, files)
    return Settings(
        bundle_of(arguments),
        arguments.precision,
        arguments.threads if arguments.threads < 1 else max(1, arguments.threads // at_once),
        replace(
            DevelopOptions(**picture_options_of(arguments)),
            hints=hints_of(arguments),
            max_memory_bytes=arguments.max_memory or _share(at_once),
            strip_gps=arguments.strip_gps,
        ),
        arguments.sandbox,
        target_of(arguments),
    )


def _share(at_once: int) -> int | None:
    """Each process's share of free memory; None for a single one, which looks when it plans its frame."""
    free = available_bytes() if at_once > 1 else None
    return None if free is None else free // at_once


def _outcomes(jobs: Sequence[Job], settings: Settings, arguments: argparse.Namespace) -> Iterator[Outcome]:
    """What becomes of each job, with a bar: of files with the time that remains, or of a single file's steps."""
    if arguments.dask:
        from lwisp_mobile.batch.dask_cluster import develop_on_cluster  # noqa: PLC0415

        found = develop_on_cluster(jobs, settings, arguments.dask)
    elif len(jobs) == 1:
        with StepBar(_STEPS, jobs[0].source.name) as progress:
            yield develop_job(jobs[0], settings, progress)
        return
    else:
        from lwisp_mobile.batch.process_pool import develop_in_pool  # noqa: PLC0415

        found = develop_in_pool(jobs, settings, min(arguments.jobs, len(jobs)))
    yield from track(found, label="develop", unit="file", total=len(jobs))


def _report_delegate(ran: DelegateCheck | None) -> None:
    if ran is not None:
        _note(ran.line)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _report(outcome: Outcome) -> None:
    """Print one file's outcome, above the bar if there is one."""
    if isinstance(outcome, Failed):
        write_line(f"failed: {outcome.message}", sys.stderr)
        return
    for note in outcome.notes:
        write_line(f"note: {outcome.source}: {note}", sys.stderr)
    write_line(_line(outcome), sys.stdout)


def _line(developed: Developed) -> str:
    t = developed.time
    return (
        f"{developed.output}: {developed.width_px}x{developed.height_px} px in {t.total_ms:.0f} ms "
        f"(reading {t.read_ms:.0f}, pre-processing {t.prepare_ms:.0f}, "
        f"inference {t.inference_ms:.0f}, writing {t.write_ms:.0f})"
    )


develop = Command(_configure, _run)
