"""The float part of the export chain alone: a checkpoint or any network to a float32 .tflite of one size, checked."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx

from lwisp_export.conversion.channels_last import free_slices, sink_transposes, transpose_output
from lwisp_export.conversion.equivalence import Difference, Reference, SizeCheck, compare_sizes
from lwisp_export.conversion.first_difference import first_difference
from lwisp_export.conversion.onnx_interface import (
    Layout,
    Port,
    fix_sizes,
    inputs_of,
    outputs_of,
    with_output_shapes,
)
from lwisp_export.conversion.onnx_preparation import prepare_onnx
from lwisp_export.conversion.onnx_source import read_source
from lwisp_export.conversion.onnx_to_tflite import TracedModel, convert_onnx, trace_converter
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.student.cost import count_macs, count_parameters
from lwisp_export.student.reference import Reference as Student
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.tflite.graph import Graph

_OTHER_LAYOUT: dict[Layout, Layout] = {"nhwc": "nchw", "nchw": "nhwc"}
CUSTOM = ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES")


@dataclass(frozen=True)
class ConvertOptions:
    """How somebody's network is converted."""

    size_px: tuple[int, int] | None = None
    """Height and width of pictures; None: those in the file, 128x128 where it leaves them open."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of single inputs, by name, as the ONNX has them."""
    layout: Layout = "nhwc"
    """Of the .tflite's pictures."""
    fixed_size: bool = False
    """Compare at the stored size only: the model will not be resized."""


@dataclass(frozen=True)
class Interface:
    """An input or output of the .tflite."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    layout: str
    """NHWC or NCHW of a picture; as in the ONNX otherwise."""


@dataclass(frozen=True)
class Converted:
    """What a conversion wrote; nothing where it has faults."""

    name: str
    onnx: Path
    tflite: Path
    parameters: int | None
    """Of a checkpoint; null for other networks."""
    macs: int | None
    """Multiply-adds of a checkpoint's convolutions at this size; null for other networks."""
    inputs: tuple[Interface, ...] = ()
    outputs: tuple[Interface, ...] = ()
    checks: tuple[SizeCheck, ...] = ()
    """ONNX Runtime against LiteRT, size by size."""
    faults: tuple[str, ...] = ()
    """Why the model isn't the network; empty: it is."""


def convert_checkpoint(source: Path, folder: Path, size_px: int, progress: Progress) -> Converted:
    """Write a student's NAME.onnx and NAME.float32.tflite into a folder. size_px: packed side, a multiple of 16.

    Raises ModelError for a broken checkpoint, ConversionError where the converter fails.
    """
    reference = Student(source)
    name = reference.info.name
    with tempfile.TemporaryDirectory(prefix="lwisp-convert-") as temporary:
        path = Path(temporary) / f"{name}.onnx"
        export_onnx(reference.student, path, size_px)
        model = convert_onnx(path, progress).pack()
        written = path.read_bytes()
    cost = count_parameters(reference.student), count_macs(reference.student, size_px)
    return Converted(name, *_write(folder, name, written, model), *cost)


def convert_network(source: Path, folder: Path, options: ConvertOptions, progress: Progress) -> Converted:
    """Write NAME.onnx, of one size and with its weights inside, and NAME.float32.tflite into a folder.

    source: an .onnx or a .pt2. The two are compared; where they differ nothing is written, and the result says why.
    Raises UsageError as `read_source` and `fix_sizes` do, ConversionError for what the converter or ONNX Runtime
    refuses.
    """
    model = _of_one_size(read_source(source), options)
    progress("converting")
    traced, prepared = _convert(model, options.layout, progress)
    traced = replace(traced, model=_tidy(model, traced.model, options.layout).pack())
    progress("comparing ONNX Runtime and LiteRT")
    checks, faults = _check(model, prepared, traced, options)
    result = Converted(
        source.stem,
        *_paths(folder, source.stem),
        None,
        None,
        tuple(_interface(port, options.layout) for port in inputs_of(model)),
        tuple(_interface(port, options.layout) for port in outputs_of(model)),
        checks,
        faults,
    )
    if not faults:
        _write(folder, source.stem, model.SerializeToString(deterministic=True), traced.model)
    return result


def _of_one_size(model: onnx.ModelProto, options: ConvertOptions) -> onnx.ModelProto:
    fixed = fix_sizes(model, options.size_px, options.shapes)
    zeros = tuple(np.zeros(port.shape, port.dtype) for port in inputs_of(fixed))
    return with_output_shapes(fixed, [found.shape for found in Reference(fixed).run(zeros)])


def _convert(model: onnx.ModelProto, layout: Layout, progress: Progress) -> tuple[TracedModel, onnx.ModelProto]:
    prepared = prepare_onnx(model, layout)
    with tempfile.TemporaryDirectory(prefix="lwisp-convert-") as temporary:
        path = Path(temporary) / "network.onnx"
        path.write_bytes(prepared.SerializeToString(deterministic=True))
        return trace_converter(path, progress, [port.name for port in inputs_of(prepared)]), prepared


def _tidy(model: onnx.ModelProto, tflite: bytes, layout: Layout) -> Graph:
    """The converter's model, channels last inside, its outputs in the layout that was asked for."""
    graph, other = free_slices(Graph.parse(tflite)), _OTHER_LAYOUT[layout]
    for place, (port, result) in enumerate(zip(outputs_of(model), graph.outputs)):
        if result.shape == port.shape_in(other) != port.shape_in(layout):
            transpose_output(graph, place, to_last=layout == "nhwc")
    return sink_transposes(graph)


def _check(
    model: onnx.ModelProto, prepared: onnx.ModelProto, traced: TracedModel, options: ConvertOptions
) -> tuple[tuple[SizeCheck, ...], tuple[str, ...]]:
    """What was compared, and the faults."""
    custom = sorted({o.custom_kind or o.kind for o in Graph.parse(traced.model).operators if o.kind in CUSTOM})
    if custom:
        return (), (f"the model needs {', '.join(custom)}, which a plain runtime doesn't have",)
    checks: list[SizeCheck] = []
    for check, difference in compare_sizes(model, traced.model, options.layout):
        checks.append(check)
        if difference is not None:
            return tuple(checks), (_fault(check, difference, prepared, traced, options, first=len(checks) == 1),)
        if options.fixed_size:
            break
    return tuple(checks), ()


def _fault(
    check: SizeCheck,
    difference: Difference,
    prepared: onnx.ModelProto,
    traced: TracedModel,
    options: ConvertOptions,
    *,
    first: bool,
) -> str:
    if not first:
        return (
            f"at {check.size}: {difference.message}. It is the network at the stored size only; give --fixed-size if "
            "that is all you need"
        )
    place = first_difference(prepared, traced, difference.arrays, options.layout)
    return f"at {check.size}: {difference.message}" + (f"; the first operator that differs: {place}" if place else "")


def _interface(port: Port, layout: Layout) -> Interface:
    return Interface(
        port.name, port.dtype, port.shape_in(layout), layout.upper() if port.is_picture else "as in the ONNX"
    )


def _write(folder: Path, name: str, source: bytes, model: bytes) -> tuple[Path, Path]:
    """Write both files; the folder is made only now, so that a failed conversion leaves none."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = _paths(folder, name)
    for path, data in zip(paths, (source, model)):
        with atomic_write(path) as temporary:
            temporary.write_bytes(data)
    return paths


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.onnx", folder / f"{name}.float32.tflite"
