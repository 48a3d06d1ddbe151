"""`lwisp calibrate`: a calibration set from RAW files, with the doctor's report."""

import argparse
import sys
from pathlib import Path

from lwisp_export.calibration.calibration_set import write_set
from lwisp_export.calibration.collect import collect, frame_sources, read_sources
from lwisp_export.calibration.manifest import Manifest
from lwisp_export.synthesis.builtin_frames import MadeFrame, calibration_frames, evaluation_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.progress import track

_CURVE_POINTS = 8


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="*", help="RAW files; default: frames made from photographs")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="SET", help="folder of the set to write")
    parser.add_argument(
        "--evaluation", type=Path, nargs="+", default=[], metavar="RAW", help="frames that INT8 will be judged on"
    )
    parser.add_argument("--bundle", default="lwisp", help="the student that the set is for (default: lwisp)")
    add_raw_options(parser)
    add_json_option(parser)


def _calibrate(arguments: argparse.Namespace) -> int:
    hints = hints_of(arguments)
    paths = track(arguments.raw, label="calibrate", unit="frame")
    sources = read_sources(paths, hints) if arguments.raw else frame_sources(_named(calibration_frames()))
    judged = (
        read_sources(arguments.evaluation, hints)
        if arguments.evaluation
        else frame_sources(_named(evaluation_frames()))
    )
    bundle = find_bundle(arguments.bundle)
    found = collect(sources, judged, bundle.model("fp16").contract.input, TILE_PX, bundle.read("fp16"))
    write_set(arguments.output, found)
    if arguments.json:
        print_json(found.manifest)
    else:
        _print(found.manifest, arguments.output)
    for finding in found.manifest.findings:
        print(f"{finding.kind}: {finding.message}", file=sys.stderr)
    return 1 if found.manifest.findings else 0


def _named(frames: tuple[MadeFrame, ...]) -> tuple[NamedRaw, ...]:
    return tuple(NamedRaw(frame.name, frame.raw) for frame in frames)


def _print(manifest: Manifest, output: Path) -> None:
    print(f"{'frame':<36} {'ISO':>6} {'clipped':>8} {'shadow':>7} {'beyond sRGB':>12} {'R/B gain':>9} {'tiles':>6}")
    for frame in manifest.frames:
        facts = frame.facts
        iso = "?" if facts.iso is None else f"{facts.iso:g}"
        print(
            f"{frame.name[:36]:<36} {iso:>6} {facts.clipped_share:>8.2%} {facts.shadow_share:>7.1%} "
            f"{facts.out_of_srgb_share:>12.2%} {facts.red_over_blue:>9.2f} {len(frame.tiles):>6}"
        )
    print("ranges after some frames, of those after all (mean; least):")
    points = manifest.convergence
    for point in points[:: max(1, len(points) // _CURVE_POINTS)]:
        print(f"  {point.frames:>4} frames  {point.mean_share:>7.1%}  {point.least_share:>7.1%}")
    print(f"{output}: {len(manifest.tiles)} tiles of {len(manifest.frames)} frames")


calibrate = Command(_configure, _calibrate)
