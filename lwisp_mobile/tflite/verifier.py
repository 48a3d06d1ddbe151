"""A .tflite checked before an engine sees it: every offset, and what engines take on trust.

Engines verify offsets too, but not all of what follows; a file that passes there can still take the process down.
"""

import math

import numpy as np

from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.flatbuffer import Schema, Table, read_root
from lwisp_mobile.tflite.integrity import (
    ABSENT,
    References,
    SignatureReferences,
    SubgraphReferences,
    check_header,
    check_references,
)

# fmt: off
SCHEMA: Schema = {
    "Model": {1: "[OperatorCode]", 2: "[SubGraph]", 3: "text", 4: "[Buffer]", 5: "[i4]", 6: "[Metadata]",
              7: "[SignatureDef]", 8: "[ExternalBufferGroup]", 9: "[ExternalBuffer]"},
    "OperatorCode": {0: "i1", 1: "text", 2: "i4", 3: "i4"},
    "SubGraph": {0: "[Tensor]", 1: "[i4]", 2: "[i4]", 3: "[Operator]", 4: "text"},
    "Tensor": {0: "[i4]", 1: "i1", 2: "u4", 3: "text", 4: "QuantizationParameters", 5: "u1", 6: "SparsityParameters",
               7: "[i4]", 8: "u1", 9: "[VariantSubType]", 10: "u4"},
    "QuantizationParameters": {0: "[f4]", 1: "[f4]", 2: "[f4]", 3: "[i8]", 4: "u1", 5: "@4", 6: "i4"},
    "Operator": {0: "u4", 1: "[i4]", 2: "[i4]", 3: "u1", 4: "@3", 5: "[u1]", 6: "i1", 7: "[u1]", 8: "[i4]",
                 9: "u8", 10: "u8", 11: "u1", 12: "@11"},
    "@8": {5: "[u1]"}, "@17": {0: "[i4]"}, "@30": {0: "[i4]"},
    "Buffer": {0: "[u1]", 1: "u8", 2: "u8"},
    "Metadata": {0: "text", 1: "u4"},
    "SignatureDef": {0: "[TensorMap]", 1: "[TensorMap]", 2: "text", 4: "u4"},
    "TensorMap": {0: "text", 1: "u4"},
}
# fmt: on
"""The slots of TensorFlow Lite's schema version 3.

Of the operators' options, those of FULLY_CONNECTED, RESHAPE and SQUEEZE are here, as they have vectors; the others that
students have are numbers alone.
"""


CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV, CUSTOM = 3, 4, 9, 67, 32
OPTIONAL_FROM = {CONV_2D: 2, DEPTHWISE_CONV_2D: 2, FULLY_CONNECTED: 2, TRANSPOSE_CONV: 3}
"""Where an operator's optional inputs (its bias) begin. Elsewhere, engines read the absent tensor and crash."""
CONTROL_FLOW = {31: "CALL", 118: "IF", 119: "WHILE", 129: "CALL_ONCE"}
"""No student branches; a loop need never end."""
VECTOR_OPTIONS = (3, 111, 115)
"""Types of options with vectors that aren't in the schema above."""
MAX_TENSOR_BYTES = 1 << 30


def verify_tflite(model: bytes) -> None:
    """Refuse a file that no engine should be given. model: the bytes of one of our .tflite files.

    Raises ModelError that says what is wrong in it.
    """
    check_header(model)
    root = read_root(model, SCHEMA, "Model")
    if root.get(8) or root.get(9):
        raise _refused("names of other files to read")
    for buffer in root.get(4, []):
        _check_buffer(buffer, len(model))
    check_references(_references(root))
    codes = [_operator_code(entry) for entry in root.get(1, [])]
    for graph in root[2]:
        for tensor in graph.get(0, []):
            _check_tensor(tensor)
        for operator in graph.get(3, []):
            _check_operator(operator, codes[operator.get(0, 0)])


def _references(root: Table) -> References:
    signatures = [(entry.get(4, 0), [*entry.get(0, []), *entry.get(1, [])]) for entry in root.get(7, [])]
    return References(
        buffers=len(root.get(4, [])),
        operator_codes=len(root.get(1, [])),
        subgraphs=[_subgraph_references(graph) for graph in root.get(2, [])],
        signatures=[SignatureReferences(place, [entry.get(1, 0) for entry in found]) for place, found in signatures],
        metadata_buffers=[entry.get(1, 0) for entry in root.get(6, [])],
    )


def _subgraph_references(graph: Table) -> SubgraphReferences:
    operators = graph.get(3, [])
    read = [index for operator in operators for index in _ids(operator, 1) if index != ABSENT]
    written = [index for operator in operators for index in _ids(operator, 2)]
    return SubgraphReferences(
        tensors=len(graph.get(0, [])),
        tensor_numbers=[*_ids(graph, 1), *_ids(graph, 2), *read, *written],
        buffer_numbers=[tensor.get(2, 0) for tensor in graph.get(0, [])],
        operator_codes=[operator.get(0, 0) for operator in operators],
    )


def _check_buffer(buffer: Table, file_bytes: int) -> None:
    # 0 and 1 stand for data within the flatbuffer.
    start, size = buffer.get(1, 0), buffer.get(2, 0)
    if start > 1 and start + size > file_bytes:
        raise _refused(f"a buffer at {start} to {start + size} of {file_bytes} bytes")


def _operator_code(entry: Table) -> int:
    # Codes above 127 stand in the newer field only; the larger of the two is the real one.
    code = max(int(entry.get(0, 0)), int(entry.get(3, 0)))
    if code in CONTROL_FLOW or code == CUSTOM:
        raise _refused(f"the operator {CONTROL_FLOW.get(code, 'CUSTOM')}, which this runtime doesn't support")
    return code


def _check_operator(operator: Table, code: int) -> None:
    inputs = _ids(operator, 1)
    if ABSENT in inputs[: OPTIONAL_FROM.get(code, len(inputs))]:
        raise _refused(f"an operator {code} without an input that it needs")
    if operator.get(3, 0) in VECTOR_OPTIONS or operator.get(11, 0) or operator.get(9, 0) or len(operator.get(5, ())):
        raise _refused(f"options of operator {code} that this runtime doesn't support")


def _check_tensor(tensor: Table) -> None:
    shape = _ids(tensor, 0)
    if any(side < 0 for side in shape) or math.prod(shape) > MAX_TENSOR_BYTES:
        raise _refused(f"a tensor of shape {shape[:8]}")
    quantization = tensor.get(4, {})
    if tensor.get(6) or tensor.get(9) or tensor.get(10, 0) or quantization.get(4, 0):
        raise _refused("a sparse, variant, external or specially quantised tensor, which this runtime doesn't support")
    steps = quantization.get(2, np.empty(0))
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        raise _refused("a quantisation step that isn't a number above 0")


def _ids(table: Table, slot: int) -> list[int]:
    return [int(index) for index in table.get(slot, ())]


def _refused(found: str) -> ModelError:
    return ModelError(f"The .tflite isn't run: it contains {found}. Copy the file again or export the model again.")
