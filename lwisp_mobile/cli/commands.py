"""The runtime's subcommands: develop, inspect, time."""

import argparse
import sys
import time as clock
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lwisp_mobile.batch.jobs import (
    DEFAULT_SUFFIX,
    Failed,
    Job,
    Outcome,
    Settings,
    decoding,
    open_developer,
    plan_jobs,
    summarise,
)
from lwisp_mobile.bundle.archive import is_bundle_path
from lwisp_mobile.bundle.bundle import Bundle, load_bundle, shipped_bundle
from lwisp_mobile.cli.main import Command, add_json_option, print_json
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.cli.target_options import add_target_options, target_of
from lwisp_mobile.engine.delegate_check import DelegateCheck, check_delegate
from lwisp_mobile.engine.interpreter import find_engine
from lwisp_mobile.engine.session import Session
from lwisp_mobile.engine.timing import time_session
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import Developed, DevelopOptions
from lwisp_mobile.inspect.audit import StrictReport
from lwisp_mobile.inspect.report import examine_file, inspect_file
from lwisp_mobile.memory import available_bytes, parse_bytes
from lwisp_mobile.progress import StepBar, progress

_PARTS = 3
"""Reading, developing, writing."""


def find_bundle(name: str, key: Path | None = None) -> Bundle:
    """A bundle's folder or .zip, or the name of one that ships. key: the public key it must be signed by."""
    path = Path(name) if "/" in name or is_bundle_path(Path(name)) else shipped_bundle(name).folder
    if key is None:
        return load_bundle(path)
    # Imported here: most bundles are used without, and reading a .zip needs none of it.
    from lwisp_mobile.bundle.signing import load_signed_bundle  # noqa: PLC0415

    return load_signed_bundle(path, key)


def _configure_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder or .zip, or a shipped name")
    parser.add_argument(
        "--key", type=Path, metavar="PUBLIC", help="refuse a bundle that isn't signed by this key (PEM)"
    )
    parser.add_argument("--precision", default="int8", help="int8 (default), fp16, or what else the bundle holds")
    parser.add_argument("--threads", type=int, default=2)
    add_target_options(parser)


def _add_sandbox_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sandbox",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="decode camera files and PNG in a process of its own with caps on memory and time",
    )


def _configure_develop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="+", help="cameras' RAW files, or mosaics with a sidecar or flags")
    parser.add_argument(
        "-o", "--output", type=Path, help=".png, .jpg or .tif (16 bits), or a folder; default: beside the RAW"
    )
    parser.add_argument(
        "--type", choices=("png", "jpg", "tif"), default=DEFAULT_SUFFIX[1:], help="where -o names no file; default: png"
    )
    parser.add_argument(
        "--exposure", type=float, default=0.0, metavar="EV", help="brighter (+) or darker (-), in stops"
    )
    parser.add_argument(
        "--max-memory",
        type=parse_bytes,
        metavar="SIZE",
        help="for each process, as 400MB; default: its part of what is free",
    )
    _configure_model(parser)
    _add_sandbox_option(parser)
    many = parser.add_argument_group("several files")
    many.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once; they share --threads")
    many.add_argument("--dask", metavar="ADDRESS", help="develop on a Dask cluster that sees the same files")
    add_raw_options(parser)
    add_json_option(parser)


def _develop(arguments: argparse.Namespace) -> int:
    if arguments.jobs < 1:
        raise UsageError(f"--jobs {arguments.jobs} can't be; give 1 or more.")
    jobs = plan_jobs(arguments.raw, arguments.output, f".{arguments.type}")
    settings = _settings(arguments, len(jobs))
    if len(jobs) == 1 and arguments.dask is None:
        return _develop_one(jobs[0], settings, arguments.json)
    # A bundle or delegate that can't be used is refused once, not once per file.
    model = settings.bundle.read(settings.precision)
    if arguments.dask is None:
        _tell_delegate(check_delegate(model, settings.target, settings.threads))
    return _develop_many(jobs, settings, arguments)


def _settings(arguments: argparse.Namespace, files: int) -> Settings:
    at_once = 1 if arguments.dask else min(arguments.jobs, files)
    return Settings(
        find_bundle(arguments.bundle, arguments.key),
        arguments.precision,
        arguments.threads if arguments.threads < 1 else max(1, arguments.threads // at_once),
        DevelopOptions(arguments.exposure, hints_of(arguments), arguments.max_memory or _share(at_once)),
        arguments.sandbox,
        target_of(arguments),
    )


def _share(at_once: int) -> int | None:
    """Each process's part of what is free; None for one alone, which plans by what is free at its time."""
    free = available_bytes() if at_once > 1 else None
    return None if free is None else free // at_once


def _develop_one(job: Job, settings: Settings, as_json: bool) -> int:
    with (
        StepBar(_PARTS, job.source.name) as bar,
        decoding(settings.sandbox),
        open_developer(settings) as developer,
    ):
        _tell_delegate(developer.session.delegate_check)
        developed = developer.develop_file(job.source, job.output, settings.options, bar.step)
    if as_json:
        print_json(developed)
    else:
        _print_notes(developed)
        print(_developed_line(developed))
    return 0


def _develop_many(jobs: Sequence[Job], settings: Settings, arguments: argparse.Namespace) -> int:
    start, outcomes = clock.perf_counter(), []
    for outcome in progress(_outcomes(jobs, settings, arguments), label="develop", unit="file", total=len(jobs)):
        outcomes.append(outcome)
        if not arguments.json:
            _tell(outcome)
    at_once = 0 if arguments.dask else min(arguments.jobs, len(jobs))
    summary = summarise(outcomes, at_once, clock.perf_counter() - start)
    if arguments.json:
        print_json(summary)
    else:
        print(f"{len(summary.developed)} developed, {len(summary.failed)} failed in {summary.wall_s:.1f} s")
    return 2 if summary.failed else 0


def _outcomes(jobs: Sequence[Job], settings: Settings, arguments: argparse.Namespace) -> Iterator[Outcome]:
    if arguments.dask:
        from lwisp_mobile.batch.dask_cluster import develop_on_cluster  # noqa: PLC0415

        return develop_on_cluster(jobs, settings, arguments.dask)
    from lwisp_mobile.batch.process_pool import develop_in_pool  # noqa: PLC0415

    return develop_in_pool(jobs, settings, min(arguments.jobs, len(jobs)))


def _tell(outcome: Outcome) -> None:
    """One file's line, above the progress bar."""
    if isinstance(outcome, Failed):
        tqdm.write(f"failed: {outcome.message}", file=sys.stderr)
        return
    for note in outcome.notes:
        tqdm.write(f"note: {outcome.source}: {note}", file=sys.stderr)
    tqdm.write(_developed_line(outcome))
    sys.stdout.flush()  # who reads along through a pipe sees each file as it is done


def _tell_delegate(found: DelegateCheck | None) -> None:
    if found is not None:
        print(f"note: {found.line}", file=sys.stderr)


def _print_notes(developed: Developed) -> None:
    for note in developed.notes:
        print(f"note: {note}", file=sys.stderr)


def _developed_line(developed: Developed) -> str:
    t = developed.time
    return (
        f"{developed.output}: {developed.width_px}x{developed.height_px} px in {t.total_ms:.0f} ms "
        f"(reading {t.read_ms:.0f}, pre-processing {t.prepare_ms:.0f}, "
        f"inference {t.inference_ms:.0f}, writing {t.write_ms:.0f})"
    )


def _configure_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a RAW, .tflite, .onnx, .safetensors, or a bundle's folder or .zip")
    parser.add_argument("--strict", action="store_true", help="a model's real arithmetic; exit 1 unless it's sound")
    _add_sandbox_option(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _inspect(arguments: argparse.Namespace) -> int:
    if arguments.strict:
        return _inspect_strictly(arguments)
    with decoding(arguments.sandbox):
        found = inspect_file(arguments.file, hints_of(arguments))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(_lines(found)))
    return 0


def _inspect_strictly(arguments: argparse.Namespace) -> int:
    """Print what each model computes and what is wrong with it; 1 if anything is."""
    reports = examine_file(arguments.file)
    if arguments.json:
        print_json(reports)
    else:
        print("\n".join(line for name, report in reports.items() for line in _strict_lines(name, report)))
    return 1 if any(report.faults for report in reports.values()) else 0


def _strict_lines(name: str, report: StrictReport) -> list[str]:
    work = [f"{w.arithmetic} {w.macs_share:.1%} ({w.operations} operations)" for w in report.work]
    faults = [f"  {fault.kind}: {fault.message}" for fault in report.faults] or ["  no fault"]
    return [f"{name}: multiply-adds in {', '.join(work)}", *faults]


def _lines(tree: dict[str, Any], indent: str = "") -> list[str]:
    """A tree as indented 'key: value' lines."""
    lines: list[str] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{key}:")
            lines += [
                f"{indent}  {_one_line(item)}" if _is_flat(item) else "\n".join(_lines(item, indent + "  "))
                for item in value
            ]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def _is_flat(item: dict[str, Any]) -> bool:
    return not any(isinstance(value, dict | list | tuple) for value in item.values())


def _one_line(item: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in item.items())


def _configure_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="packed side in px, a multiple of 16 (default: 256)")
    parser.add_argument("--runs", type=int, default=30)
    _configure_model(parser)
    add_json_option(parser)


def _time(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle, arguments.key)
    contract = bundle.model(arguments.precision).contract
    with Session(
        bundle.read(arguments.precision), contract, threads=arguments.threads, target=target_of(arguments)
    ) as session:
        timing = time_session(session, arguments.size, arguments.runs)
    result = {
        "bundle": bundle.name,
        "precision": arguments.precision,
        "threads": arguments.threads,
        "packed_px": arguments.size,
        "output_px": arguments.size * contract.output_scale,
        "engine": find_engine(arguments.engine),
        "delegate": session.delegate_check or {"delegate": arguments.delegate},
        "clock": "wall",
        "summary": timing.summary,
        "timing": timing,
    }
    if arguments.json:
        print_json(result)
    else:
        s = timing.summary
        print(
            f"{session.delegate_check.line + ': ' if session.delegate_check else ''}"
            f"{bundle.name} {arguments.precision}, {arguments.size}x{arguments.size} packed px, "
            f"{arguments.threads} threads, {s.runs} runs: "
            f"p50 {s.p50_ms:.1f} ms, p90 {s.p90_ms:.1f} ms, MAD {s.mad_ms:.2f} ms (wall clock)"
        )
    return 0


develop = Command("Develop a RAW file into a picture.", _configure_develop, _develop)
inspect = Command("Show what a RAW, a model, a checkpoint or a bundle holds.", _configure_inspect, _inspect)
time = Command("Time a bundle's model on this machine.", _configure_time, _time)
