"""The runtime's subcommands: develop, inspect, time."""

import argparse
import sys
from pathlib import Path
from typing import Any

from lwisp_mobile.bundle import Bundle, load_bundle, shipped_bundle
from lwisp_mobile.cli import Command, add_json_option, print_json
from lwisp_mobile.develop import Developed, Developer, DevelopOptions
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspection import inspect_file
from lwisp_mobile.progress import StepBar
from lwisp_mobile.raw_options import add_raw_options, hints_of
from lwisp_mobile.session import Session
from lwisp_mobile.timing import time_session

_PARTS = 4
"""Reading, pre-processing, inference, writing."""


def find_bundle(name: str) -> Bundle:
    """A bundle's folder, or the name of one that ships."""
    return load_bundle(Path(name)) if "/" in name or Path(name).is_dir() else shipped_bundle(name)


def _configure_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--precision", default="int8", help="int8 (default), fp16, or what else the bundle holds")
    parser.add_argument("--threads", type=int, default=2)


def _configure_develop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, help="a camera's RAW file, or a mosaic with a sidecar or flags")
    parser.add_argument("-o", "--output", type=Path, help=".png, .jpg or .tif (16 bits); default: the RAW's name, .png")
    parser.add_argument(
        "--exposure", type=float, default=0.0, metavar="EV", help="brighter (+) or darker (-), in stops"
    )
    _configure_model(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _develop(arguments: argparse.Namespace) -> int:
    output = arguments.output or arguments.raw.with_suffix(".png")
    if output.absolute() == arguments.raw.absolute():
        raise UsageError(f"{output} is the RAW file itself; give another name with -o.")
    options = DevelopOptions(exposure_ev=arguments.exposure, hints=hints_of(arguments))
    with (
        StepBar(_PARTS, arguments.raw.name) as bar,
        Developer(find_bundle(arguments.bundle), precision=arguments.precision, threads=arguments.threads) as developer,
    ):
        developed = developer.develop_file(arguments.raw, output, options, bar.step)
    if arguments.json:
        print_json(developed)
    else:
        _print_developed(developed)
    return 0


def _print_developed(developed: Developed) -> None:
    for note in developed.notes:
        print(f"note: {note}", file=sys.stderr)
    t = developed.time
    print(
        f"{developed.output}: {developed.width_px}x{developed.height_px} px in {t.total_ms:.0f} ms "
        f"(reading {t.read_ms:.0f}, pre-processing {t.prepare_ms:.0f}, "
        f"inference {t.inference_ms:.0f}, writing {t.write_ms:.0f})"
    )


def _configure_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a RAW, .tflite, .onnx, .safetensors, or a bundle's folder")
    add_raw_options(parser)
    add_json_option(parser)


def _inspect(arguments: argparse.Namespace) -> int:
    found = inspect_file(arguments.file, hints_of(arguments))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(_lines(found)))
    return 0


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
    bundle = find_bundle(arguments.bundle)
    contract = bundle.model(arguments.precision).contract
    with Session(bundle.read(arguments.precision), contract, threads=arguments.threads) as session:
        timing = time_session(session, arguments.size, arguments.runs)
    result = {
        "bundle": bundle.name,
        "precision": arguments.precision,
        "threads": arguments.threads,
        "packed_px": arguments.size,
        "output_px": arguments.size * contract.output_scale,
        "clock": "wall",
        "summary": timing.summary,
        "timing": timing,
    }
    if arguments.json:
        print_json(result)
    else:
        s = timing.summary
        print(
            f"{bundle.name} {arguments.precision}, {arguments.size}x{arguments.size} packed px, "
            f"{arguments.threads} threads, {s.runs} runs: "
            f"p50 {s.p50_ms:.1f} ms, p90 {s.p90_ms:.1f} ms, MAD {s.mad_ms:.2f} ms (wall clock)"
        )
    return 0


develop = Command("Develop a RAW file into a picture.", _configure_develop, _develop)
inspect = Command("Show what a RAW, a model, a checkpoint or a bundle holds.", _configure_inspect, _inspect)
time = Command("Time a bundle's model on this machine.", _configure_time, _time)
