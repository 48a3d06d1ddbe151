"""From a torch student to ONNX: export, then native depth-to-space, then bytes without paths or versions."""

import logging
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, NodeProto, numpy_helper

from lwisp_export.errors import ConversionError
from lwisp_export.student.deploy import deploy_form
from lwisp_export.student.network import Student
from lwisp_mobile.errors import UsageError

INPUT_NAME = "packed"
OUTPUT_NAME = "rgb"

_ELEMENTWISE = ("Relu", "LeakyRelu", "Sigmoid", "Add", "Mul")
"""What may stand between a convolution and its depth-to-space: the order of the channels is nothing to it."""


def export_onnx(student: Student, path: Path, size_px: int = 64) -> None:
    """Write a student as ONNX.

    The file's input is "packed", (1, planes, size_px, size_px) float32; its output "rgb", (1, 3, ...) float32 in
    [0, 1]. Equal weights give equal bytes. size_px: side of the packed input, a multiple of 16. Raises
    ConversionError if a depth-to-space has no convolutions of its own before it.
    """
    model = _trace(student, size_px)
    reorder_depth_to_space(model)
    _strip(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def read_exported_program(path: Path) -> ModelProto:
    """Read a network that torch.export.save wrote, as ONNX. Raises UsageError if it isn't one."""
    try:
        with _quiet():
            program = torch.onnx.export(torch.export.load(path), dynamo=True, verbose=False)
    except (RuntimeError, ValueError, zipfile.BadZipFile, torch.onnx.errors.OnnxExporterError) as error:
        raise UsageError(f"{path} can't be read as a .pt2 ({error}). Save it by torch.export.save again.") from error
    if program is None:
        raise ConversionError("torch.onnx.export returned no program. Install the pinned torch and onnxscript.")
    return program.model_proto


def reorder_depth_to_space(model: ModelProto) -> None:
    """Turn every CRD depth-to-space into DCR, in place, with the same numbers.

    torch's PixelShuffle is CRD, for which .tflite has no operation (converters write a 6-D transpose). DCR has one,
    and needs the same channels in another order: the order of the filters of the convolutions before it.
    """
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    block_of: dict[str, int] = {}
    for node in graph.node:
        if node.op_type == "DepthToSpace" and _attribute(node, "mode").s == b"CRD":
            block_px = _attribute(node, "blocksize").i
            # A block used twice has its weights here twice; they are permuted once.
            block_of.update(dict.fromkeys(_filters_before(node, node, producers), block_px))
            _attribute(node, "mode").s = b"DCR"
    _check_sole_use(model, set(block_of))
    for name, block_px in block_of.items():
        values = crd_to_dcr(numpy_helper.to_array(weights[name]), block_px)
        weights[name].CopyFrom(numpy_helper.from_array(values, name))


def crd_to_dcr(filters: np.ndarray, block_px: int) -> np.ndarray:
    """Reorder filters (or biases) so that DCR gives what CRD gave. filters: (C * block_px**2, ...), the same shape."""
    block = block_px * block_px
    order = np.arange(filters.shape[0]).reshape(-1, block).T.reshape(-1)
    return np.ascontiguousarray(filters[order])


def _trace(student: Student, size_px: int) -> ModelProto:
    model = deploy_form(student)
    example = torch.zeros(1, model.config.input_planes, size_px, size_px)
    with _quiet():
        program = torch.onnx.export(
            model, (example,), input_names=[INPUT_NAME], output_names=[OUTPUT_NAME], dynamo=True, verbose=False
        )
    if program is None:
        raise ConversionError("torch.onnx.export returned no program. Install the pinned torch and onnxscript.")
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what the exporter says about itself: torchvision's absence and a deprecation in its own code."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*LeafSpec.*is deprecated", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def _filters_before(shuffle: NodeProto, node: NodeProto, producers: dict[str, NodeProto]) -> list[str]:
    """Names of the weights and biases of the convolutions that feed a depth-to-space through a node."""
    found = []
    for source in node.input:
        before = producers.get(source)
        if before is not None and before.op_type in _ELEMENTWISE:
            found += _filters_before(shuffle, before, producers)
        elif before is not None and before.op_type == "Conv":
            found += before.input[1:]
        else:
            raise ConversionError(
                f"DepthToSpace {shuffle.name} follows {'the input' if before is None else before.op_type}; it must "
                f"follow convolutions, with only {', '.join(_ELEMENTWISE)} between."
            )
    return found


def _check_sole_use(model: ModelProto, names: set[str]) -> None:
    """Refuse a permutation that another consumer of the convolution's channels would see."""
    consumers: dict[str, list[NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    for conv in model.graph.node:
        if not names.isdisjoint(conv.input) and _readers(conv, consumers) != {"DepthToSpace"}:
            raise ConversionError(f"Convolution {conv.name} feeds a DepthToSpace and something else; give it its own.")


def _readers(node: NodeProto, consumers: dict[str, list[NodeProto]]) -> set[str]:
    """The operators that a node's output reaches, those that are elementwise passed over."""
    found = set[str]()
    for after in consumers.get(node.output[0], []):
        found |= _readers(after, consumers) if after.op_type in _ELEMENTWISE else {after.op_type}
    return found


def _attribute(node: NodeProto, name: str) -> Any:
    """An attribute of a node. protobuf classes have no types of their own."""
    return next(attribute for attribute in node.attribute if attribute.name == name)


def _strip(model: ModelProto) -> None:
    """Drop stack traces, module names and versions: they differ between machines, the network doesn't."""
    graph = model.graph
    model.producer_name, model.producer_version, model.doc_string = "lwisp-mobile", "", ""
    for part in (model, graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]
