"""Where quantisation-aware training starts: a float checkpoint, equalised, rounded and calibrated as for an export."""

import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lwisp_export.conversion.onnx_to_tflite import convert_onnx
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.errors import ConversionError
from lwisp_export.quantization.preparation import Prepared, prepare
from lwisp_export.quantization.quantization_recipe import QuantizationRecipe
from lwisp_export.quantization.ranges import Range
from lwisp_export.quantization.scales import same_scale_groups
from lwisp_export.student.network import Student
from lwisp_export.training.qat.fake_quant import FakeQuantStudent
from lwisp_export.training.qat.graph_match import GraphMatch, match_graph
from lwisp_export.training.qat.weight_grid import take_weights
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.graph import Graph

LARGEST_DIFFERENCE = 1e-3
"""Between the student's picture and that of its equalised weights."""


def start_qat(
    student: Student,
    float_model: Graph,
    tiles: Sequence[np.ndarray],
    recipe: QuantizationRecipe,
    least_range: float = 0.0,
) -> FakeQuantStudent:
    """A student that rounds as its INT8 .tflite will, with that one's weights and ranges to start from.

    student: left as it is. float_model: the student's. tiles: to calibrate with, each (h, w, planes) float32 in
    [0, 1]. recipe: an int8 one, without duplicated channels. least_range: as for `FakeQuantStudent`. Raises
    ConversionError where the .tflite's form isn't the student's.
    """
    match = match_graph(student, float_model)
    prepared = prepare(float_model, tiles, recipe)
    started = copy.deepcopy(student)
    take_weights(started, match, prepared.exact)
    _check(student, started, tiles[0])
    take_weights(started, match, prepared.model)
    return FakeQuantStudent(started, match.graph, range_groups(match, prepared), least_range)


def range_groups(match: GraphMatch, prepared: Prepared) -> list[tuple[frozenset[str], Range]]:
    """The graph's nodes by the scales they share, with their settled ranges."""
    nodes: dict[str, set[str]] = {}
    for node, tensor in match.tensors.items():
        nodes.setdefault(tensor, set()).add(node)
    groups = [{tensor.name for tensor in group} for group in same_scale_groups(prepared.exact)]
    grouped = set().union(*groups)
    groups += [{tensor} for tensor in nodes if tensor not in grouped]
    return [_group(group, nodes, prepared) for group in groups if not nodes.keys().isdisjoint(group)]


def _group(tensors: set[str], nodes: dict[str, set[str]], prepared: Prepared) -> tuple[frozenset[str], Range]:
    members = frozenset(node for tensor in tensors for node in nodes.get(tensor, ()))
    return members, prepared.ranges[min(tensors)]


def convert_student(student: Student, progress: Progress) -> Graph:
    """A student's float model, by ONNX. Errors as for `export_onnx` and `convert_onnx`."""
    with tempfile.TemporaryDirectory(prefix="lwisp-qat-") as folder:
        onnx = Path(folder) / "student.onnx"
        export_onnx(student, onnx)
        return convert_onnx(onnx, progress)


def _check(student: Student, equalized: Student, tile: np.ndarray) -> None:
    packed = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1)))[None]
    with torch.no_grad():
        difference = float((student(packed) - equalized(packed)).abs().max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ConversionError(
            f"Equalised weights change the student's picture by {difference:.1e}, more than "
            f"{LARGEST_DIFFERENCE:g}. The student's form has changed; adapt lwisp_export/training/qat."
        )
