"""Trained ranges: from the network to the checkpoint, and from the checkpoint to the .tflite's tensors."""

from collections.abc import Sequence

from lwisp_export.quantization.ranges import Range
from lwisp_export.student.checkpoint import TrainedRange
from lwisp_export.student.network import Student
from lwisp_export.training.qat.fake_quant import FakeQuantStudent
from lwisp_export.training.qat.graph_match import match_graph
from lwisp_mobile.tflite.graph import Graph


def ranges_of(network: FakeQuantStudent) -> tuple[TrainedRange, ...]:
    """What a checkpoint keeps."""
    return tuple(TrainedRange(node, found.low, found.high) for node, found in sorted(network.ranges().items()))


def tensor_ranges(student: Student, ranges: Sequence[TrainedRange], float_model: Graph) -> dict[str, Range]:
    """A checkpoint's ranges by the names of the tensors in its float model.

    Raises ConversionError where the .tflite's form isn't the student's.
    """
    match = match_graph(student, float_model)
    found = {entry.node: Range(entry.low, entry.high) for entry in ranges}
    return {tensor: found[node] for node, tensor in match.tensors.items() if node in found}
