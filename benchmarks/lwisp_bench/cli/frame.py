"""The subcommand `lwisp frame`."""

import argparse
from collections.abc import Sequence
from math import sqrt

import numpy as np

from lwisp_bench.studies.frame_budget import RATE_PX, FrameCase, FrameReport, StageSplit, measure_frame
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.frame.executor import StageTime
from lwisp_mobile.memory import parse_bytes

ASPECT = 4 / 3


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder or .zip, or a shipped name")
    parser.add_argument("--precision", default="int8", help="default: int8")
    parser.add_argument("--megapixels", type=float, default=12.0, help="of a 4:3 frame (default: 12)")
    parser.add_argument("--max-memory", type=parse_bytes, default="500MB", metavar="SIZE", help="default: 500MB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5, help="number of frames, each in a new process (default: 5)")
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    height_px = round(sqrt(max(arguments.megapixels, 0) * 1e6 / ASPECT) / 2) * 2
    case = FrameCase(
        bundle=str(bundle.folder),
        precision=arguments.precision,
        threads=arguments.threads,
        max_memory_bytes=arguments.max_memory,
        height_px=height_px,
        width_px=round(height_px * ASPECT / 2) * 2,
    )
    report = measure_frame(bundle, case, arguments.turns)
    print_result(report, lines(report), arguments.json)
    return 0 if report.within_budget else 1


def lines(report: FrameReport) -> list[str]:
    """A report as text."""
    case, first = report.case, report.turns[0].frame
    median, again, load = (_frame_median(report, value) for value in ("wall_ms", "again_ms", "load_ms"))
    kernel, kernel_again = (_frame_median(report, value) for value in ("kernel_ms", "kernel_again_ms"))
    limit = float(np.median([turn.limit_ms for turn in report.turns]))
    rate = float(np.median([turn.gmacs_per_s for turn in report.turns]))
    return [
        f"{case.width_px}x{case.height_px} px in {case.precision}, {case.threads} threads, {len(report.turns)} turns, "
        f"mode {first.mode}, {first.workers} workers",
        f"limit:  {limit:.0f} ms: {report.frame_macs / 1e9:.1f} GMAC at {rate:.1f} GMAC/s, "
        f"which this model reaches at {RATE_PX}x{RATE_PX} packed px",
        _memory_line(report),
        f"load:   {load:.0f} ms once per process, before the first frame",
        f"context: {_parts([turn.frame.context for turn in report.turns])}",
        *(_stage_line(report, index) for index in range(len(first.stages))),
        f"wall:   first frame {median:.0f} ms, ratio {report.median_ratio:.2f}; second frame {again:.0f} ms, ratio "
        f"{report.median_ratio_again:.2f} (medians of turns); halos, repeats and duplicated channels cost "
        f"{100 * (report.work_factor - 1):.0f} % more multiply-adds",
        f"edges:  pre-processing, cutting and stitching take {100 * _edge_share(report):.0f} % of the first frame's "
        "wall time",
        f"kernel: {kernel:.0f} ms of CPU time in the first frame, {kernel_again:.0f} ms in the second: page faults, "
        "including the host's supply of memory",
        f"peak:   {report.peak_bytes / 1e6:.0f} MB of {case.max_memory_bytes / 1e6:.0f} MB allowed, "
        f"{first.planned_peak_bytes / 1e6:.0f} MB planned",
        f"{report.runtime}, {report.machine}, {report.cpus} CPUs, {report.clock} clock",
    ]


def _frame_median(report: FrameReport, value: str) -> float:
    return float(np.median([getattr(turn.frame, value) for turn in report.turns]))


def _memory_line(report: FrameReport) -> str:
    found, held = (
        float(np.median([getattr(turn.memory, value) for turn in report.turns])) for value in ("found_ns", "held_ns")
    )
    return (
        f"memory: a byte's first touch takes {found:.2f} ns on the machine as found, {held:.2f} ns once the host has "
        "supplied it, which is done before each frame"
    )


def _edge_share(report: FrameReport) -> float:
    frames = [turn.frame for turn in report.turns]
    times = [[frame.context, *(stage.time for stage in frame.stages)] for frame in frames]
    edges = [sum(time.feed_ms + time.keep_ms for time in parts) for parts in times]
    return float(np.median([edge / frame.wall_ms for edge, frame in zip(edges, frames)]))


def _stage_line(report: FrameReport, index: int) -> str:
    stage: StageSplit = report.turns[0].frame.stages[index]
    return (
        f"{stage.time.signature + ':':<13}{stage.tiles} tiles of {stage.tile_width_px}x{stage.tile_height_px} "
        f"packed px: {_parts([turn.frame.stages[index].time for turn in report.turns])}"
    )


def _parts(times: Sequence[StageTime]) -> str:
    def middle(value: str) -> float:
        return float(np.median([getattr(time, value) for time in times]))

    return (
        f"wall {middle('wall_ms'):.0f} ms; per worker pre-processing and cutting {middle('feed_ms'):.0f} ms, "
        f"inference {middle('run_ms'):.0f} ms, stitching {middle('keep_ms'):.0f} ms"
    )


frame = Command(_configure, _run)
