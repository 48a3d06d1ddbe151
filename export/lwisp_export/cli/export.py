"""The subcommand `lwisp export`."""

import argparse
from pathlib import Path

from lwisp_export.checked_export import export_checked
from lwisp_export.cli.drift_table import conclude
from lwisp_export.cli.options import print_progress
from lwisp_export.cli.quantize_options import add_quantize_options, quantize_options_of
from lwisp_export.conversion.npu_bundle import compile_bundle, read_target
from lwisp_export.export import Exported, ExportPaths
from lwisp_export.quantization.report_text import report_lines
from lwisp_export.student.checkpoint import find_checkpoint
from lwisp_export.synthesis.tiles import read_frames
from lwisp_export.web_target import DEFAULT_PACKED_PX, write_web_models
from lwisp_mobile.cli.command import Command, add_json_option
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.tflite.graph import Graph

WEB = "web"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint", nargs="?", default="lwisp", help="a .safetensors or a shipped name (default: lwisp)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--work", type=Path, default=Path("build/export"), help="for the ONNX and float32 models")
    parser.add_argument("--calibrate", type=Path, nargs="+", default=[], metavar="RAW", help="frames to calibrate with")
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        help="qualcomm:SM8650: also compiled for that phone's NPU (installs the compiler, 330 MB); "
        "web: also models of one size for LiteRT.js, in OUTPUT/web; may be repeated",
    )
    parser.add_argument(
        "--packed-px", type=int, default=DEFAULT_PACKED_PX, help="side of the web's input; default: %(default)s"
    )
    add_quantize_options(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _export(arguments: argparse.Namespace) -> int:
    chips = [read_target(text) for text in arguments.target if text != WEB]
    frames = read_frames(arguments.calibrate, hints_of(arguments))
    paths = ExportPaths(find_checkpoint(arguments.checkpoint), arguments.output, arguments.work)
    checked = export_checked(paths, frames, print_progress, quantize_options_of(arguments))
    if WEB in arguments.target:
        _write_web(checked.exported, arguments.packed_px)
    if chips:
        compile_bundle(checked.exported.bundle, chips, print_progress)
    search = checked.exported.quantized.report
    if search is not None:
        print_progress("\n".join(report_lines(search)))
    code = conclude(checked.drift, arguments.json)
    return code if search is None or search.met else 1


def _write_web(exported: Exported, packed_px: int) -> None:
    models = {
        "float32": Graph.parse(exported.float32.read_bytes()),
        "int8": Graph.parse(exported.bundle.read("int8")),
    }
    for model in write_web_models(exported.bundle.folder / "web", models, exported.float32_contract, packed_px):
        print_progress(f"{model.file}: {model.bytes / 1e6:.1f} MB")


export = Command(_configure, _export)
