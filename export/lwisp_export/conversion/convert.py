"""The float part of the export chain alone: a checkpoint or any ONNX to a float32 .tflite of one size."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.conversion.onnx_to_tflite import convert_onnx, run_converter
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.student.cost import count_macs, count_parameters
from lwisp_export.student.reference import Reference
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write


@dataclass(frozen=True)
class Converted:
    """What a conversion wrote."""

    name: str
    onnx: Path
    tflite: Path
    parameters: int | None
    """Of a checkpoint; null for an ONNX."""
    macs: int | None
    """Multiply-adds of a checkpoint's convolutions at this size; null for an ONNX."""


def convert(source: Path, folder: Path, size_px: int, progress: Progress) -> Converted:
    """Write NAME.onnx and NAME.float32.tflite into a folder. size_px: packed side, of a checkpoint's models.

    source: a student's .safetensors, or somebody else's .onnx of whatever size. Raises UsageError on another suffix,
    ModelError for a broken checkpoint, ConversionError where the converter fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".safetensors":
        return _convert_checkpoint(source, folder, size_px, progress)
    if source.suffix != ".onnx":
        raise UsageError(f"{source} is neither a checkpoint (.safetensors) nor an .onnx.")
    onnx = folder / source.name
    if source.resolve() != onnx.resolve():
        shutil.copyfile(source, onnx)
    return Converted(source.stem, onnx, _write(folder, source.stem, run_converter(onnx, progress)), None, None)


def _convert_checkpoint(source: Path, folder: Path, size_px: int, progress: Progress) -> Converted:
    reference = Reference(source)
    name = reference.info.name
    onnx = folder / f"{name}.onnx"
    export_onnx(reference.student, onnx, size_px)
    tflite = _write(folder, name, convert_onnx(onnx, progress).pack())
    cost = count_parameters(reference.student), count_macs(reference.student, size_px)
    return Converted(name, onnx, tflite, *cost)


def _write(folder: Path, name: str, model: bytes) -> Path:
    path = folder / f"{name}.float32.tflite"
    with atomic_write(path) as temporary:
        temporary.write_bytes(model)
    return path
