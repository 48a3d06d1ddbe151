"""A .tflite checked before an engine sees it: every offset, and what engines take on trust.

Engines verify offsets too, but not all of what follows; a file that passes there can still take the process down.
"""

import math
from collections.abc import Iterable

import numpy as np

from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.flatbuffer import Schema, Table, read_root

IDENTIFIER = b"TFL3"

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

Of the operators' options, those of FULLY_CONNECTED, RESHAPE and SQUEEZE are here, as they hold vectors; the others that
students have hold numbers alone.
"""


CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV, CUSTOM = 3, 4, 9, 67, 32
OPTIONAL_FROM = {CONV_2D: 2, DEPTHWISE_CONV_2D: 2, FULLY_CONNECTED: 2, TRANSPOSE_CONV: 3}
"""Where an operator's optional inputs (its bias) begin. Elsewhere, engines read the absent tensor and crash."""
CONTROL_FLOW = {31: "CALL", 118: "IF", 119: "WHILE", 129: "CALL_ONCE"}
"""No student branches; a loop need never end."""
VECTOR_OPTIONS = (3, 111, 115)
"""Types of options with vectors that aren't in the schema above."""
MAX_TENSOR_BYTES = 1 << 30
ABSENT = -1


def verify_tflite(model: bytes) -> None:
    """Refuse a file that no engine should be given. model: the bytes of one of our .tflite files.

    Raises ModelError that says what is wrong in it.
    """
    if model[4:8] != IDENTIFIER:
        raise ModelError(f"Bytes 4 to 8 of the model are {model[4:8]!r}; a .tflite has {IDENTIFIER!r}. Copy it again.")
    root = read_root(model, SCHEMA, "Model")
    graphs, buffers = root.get(2, []), root.get(4, [])
    if not graphs:
        raise _refused("no graph")
    if root.get(8) or root.get(9):
        raise _refused("names of other files to read")
    for buffer in buffers:
        _check_buffer(buffer, len(model))
    codes = [_operator_code(entry) for entry in root.get(1, [])]
    for graph in graphs:
        _check_graph(graph, codes, len(buffers))
    for signature in root.get(7, []):
        _check_signature(signature, graphs)
    _check_indices("buffer", (entry.get(1, 0) for entry in root.get(6, [])), len(buffers))


def _check_buffer(buffer: Table, file_bytes: int) -> None:
    # 0 and 1 stand for data within the flatbuffer.
    start, size = buffer.get(1, 0), buffer.get(2, 0)
    if start > 1 and start + size > file_bytes:
        raise _refused(f"a buffer at {start} to {start + size} of {file_bytes} bytes")


def _operator_code(entry: Table) -> int:
    # Codes above 127 stand in the newer field only; the larger of the two is the real one.
    code = max(int(entry.get(0, 0)), int(entry.get(3, 0)))
    if code in CONTROL_FLOW or code == CUSTOM:
        raise _refused(f"the operator {CONTROL_FLOW.get(code, 'CUSTOM')}, which no student has")
    return code


def _check_graph(graph: Table, codes: list[int], buffers: int) -> None:
    tensors, operators = graph.get(0, []), graph.get(3, [])
    _check_indices("tensor", [*_ids(graph, 1), *_ids(graph, 2)], len(tensors))
    _check_indices("buffer", (tensor.get(2, 0) for tensor in tensors), buffers)
    _check_indices("operator code", (operator.get(0, 0) for operator in operators), len(codes))
    for tensor in tensors:
        _check_tensor(tensor)
    for operator in operators:
        _check_operator(operator, codes[operator.get(0, 0)], len(tensors))


def _check_operator(operator: Table, code: int, tensors: int) -> None:
    inputs = _ids(operator, 1)
    required = OPTIONAL_FROM.get(code, len(inputs))
    present = inputs[:required] + [index for index in inputs[required:] if index != ABSENT]
    _check_indices("tensor", [*present, *_ids(operator, 2)], tensors)
    if operator.get(3, 0) in VECTOR_OPTIONS or operator.get(11, 0) or operator.get(9, 0) or len(operator.get(5, ())):
        raise _refused(f"options of operator {code} that no student has")


def _check_tensor(tensor: Table) -> None:
    shape = _ids(tensor, 0)
    if any(side < 0 for side in shape) or math.prod(shape) > MAX_TENSOR_BYTES:
        raise _refused(f"a tensor of shape {shape[:8]}")
    quantization = tensor.get(4, {})
    if tensor.get(6) or tensor.get(9) or tensor.get(10, 0) or quantization.get(4, 0):
        raise _refused("a sparse, variant, external or specially quantised tensor, which no student has")
    steps = quantization.get(2, np.empty(0))
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        raise _refused("a quantisation step that isn't a number above 0")


def _check_signature(signature: Table, graphs: list[Table]) -> None:
    place = signature.get(4, 0)
    _check_indices("subgraph", [place], len(graphs))
    entries = [*signature.get(0, []), *signature.get(1, [])]
    _check_indices("tensor", (entry.get(1, 0) for entry in entries), len(graphs[place].get(0, [])))


def _ids(table: Table, slot: int) -> list[int]:
    return [int(index) for index in table.get(slot, ())]


def _check_indices(what: str, indices: Iterable[int], count: int) -> None:
    for index in indices:
        if not 0 <= index < count:
            raise _refused(f"{what} {index} of {count}")


def _refused(found: str) -> ModelError:
    return ModelError(f"The .tflite isn't run: it holds {found}. Copy the file again or export the model again.")
