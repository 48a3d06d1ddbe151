"""The subcommand `lwisp convert`."""

import argparse
from pathlib import Path

from lwisp_export.cli.inspectors import read_onnx
from lwisp_export.cli.options import print_progress
from lwisp_export.conversion.convert import convert as run_convert
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.errors import UsageError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", default="lwisp", help="a .safetensors, an .onnx, or a shipped name")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the .onnx and the .tflite")
    parser.add_argument("--size", type=int, default=128, help="packed side of a checkpoint's models (default: 128)")
    add_json_option(parser)


def _convert(arguments: argparse.Namespace) -> int:
    if arguments.size < 16 or arguments.size % 16:
        raise UsageError(f"--size {arguments.size} isn't a multiple of 16.")
    name = arguments.source
    source = Path(name) if name.endswith((".onnx", ".safetensors")) else shipped_checkpoint(name)
    if not source.is_file():
        raise UsageError(f"There is no file {source}; give a .safetensors, an .onnx, or a shipped name.")
    if source.suffix == ".onnx":
        read_onnx(source)  # the converter's own message is a traceback
    done = run_convert(source, arguments.output, arguments.size, print_progress)
    print_result(done, [str(done.onnx), str(done.tflite)], arguments.json)
    return 0


convert = Command(_configure, _convert)
