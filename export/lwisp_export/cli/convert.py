"""The subcommand `lwisp convert`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from lwisp_export.cli.options import print_progress
from lwisp_export.conversion.convert import Converted, ConvertOptions, Interface, convert_checkpoint, convert_network
from lwisp_export.student.checkpoint import shipped_checkpoint, shipped_checkpoints
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.errors import UsageError

_CHECKPOINT_SIZE_PX = 128


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Convert a checkpoint, an .onnx (opset 9 to 24, data files beside it) or a .pt2 to a float32 .tflite, and "
        "compare it with ONNX Runtime on random and extreme inputs at two sizes. Exit code 1, and no files, where they "
        "differ."
    )
    parser.add_argument("source", nargs="?", default="lwisp", help="a .safetensors, .onnx, .pt2, or a shipped name")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the .onnx and the .tflite")
    parser.add_argument(
        "--size", metavar="PX|HxW", help="of pictures (default: the file's; a checkpoint's packed planes: 128)"
    )
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="NAME=1,3,H,W",
        help="of one input, as the ONNX has it; repeatable",
    )
    parser.add_argument(
        "--layout", choices=("nhwc", "nchw"), default="nhwc", help="of the .tflite's pictures (default: nhwc)"
    )
    parser.add_argument(
        "--fixed-size", action="store_true", help="the model won't be resized: check its stored size only"
    )
    add_json_option(parser)


def _convert(arguments: argparse.Namespace) -> int:
    name, size = arguments.source, _size(arguments.size)
    if name in shipped_checkpoints() or Path(name).suffix == ".safetensors":
        done = _checkpoint(name, arguments.output, size)
    else:
        shapes = dict(_shape(text) for text in arguments.shape)
        options = ConvertOptions(size, shapes, arguments.layout, arguments.fixed_size)
        done = convert_network(Path(name), arguments.output, options, print_progress)
    print_result(done, _lines(done), arguments.json)
    return 1 if done.faults else 0


def _checkpoint(name: str, output: Path, size: tuple[int, int] | None) -> Converted:
    height, width = size or (_CHECKPOINT_SIZE_PX, _CHECKPOINT_SIZE_PX)
    if height != width or height < 16 or height % 16:
        raise UsageError(f"--size {height}x{width}: a checkpoint's is a square with a multiple of 16 as side.")
    source = Path(name) if name.endswith(".safetensors") else shipped_checkpoint(name)
    if not source.is_file():
        raise UsageError(f"There is no file {source}; give a .safetensors, .onnx, .pt2, or a shipped name.")
    return convert_checkpoint(source, output, height, print_progress)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sides = text.lower().split("x")
    if not all(side.isdecimal() and int(side) for side in sides) or len(sides) > 2:
        raise UsageError(f"--size {text!r} is neither a side in px (128) nor height x width (96x128).")
    return int(sides[0]), int(sides[-1])


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, equals, axes = text.partition("=")
    sides = axes.split(",")
    if not name or not equals or not all(side.isdecimal() and int(side) for side in sides):
        raise UsageError(f"--shape {text!r} isn't NAME=1,3,96,128.")
    return name, tuple(int(side) for side in sides)


def _lines(done: Converted) -> Iterator[str]:
    yield from (f"input   {_interface_line(port)}" for port in done.inputs)
    yield from (f"output  {_interface_line(port)}" for port in done.outputs)
    for check in done.checks:
        distance = "" if check.max_abs_diff is None else f", largest difference {check.max_abs_diff:.1e}"
        yield f"{check.size}: {check.outcome}{distance}"
    yield from (f"fault: {fault}" for fault in done.faults)
    if not done.faults:
        yield from (str(done.onnx), str(done.tflite))


def _interface_line(port: Interface) -> str:
    return f"{port.name}  {port.dtype} {'x'.join(map(str, port.shape))}  {port.layout}"


convert = Command(_configure, _convert)
