"""A .tflite file as Python objects: checked before and after parsing, with the names of its parts.

The flatbuffer schema is imported inside functions: it is large, and only `lwisp inspect` and the export chain need it.
"""

import functools
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lwisp_mobile.errors import ModelError, missing_runtime

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every .tflite file."""

# What Python's flatbuffers reader (which has no verifier) raises on offsets that point nowhere.
_PARSE_ERRORS = (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError, AttributeError, KeyError)
_NEXT_STEP = "Copy or download the file again, or export the model again."


def schema() -> Any:
    """Import the generated flatbuffer schema. Raises MissingExtraError without ai-edge-litert."""
    try:
        from ai_edge_litert import schema_py_generated  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    return schema_py_generated


def parse_tflite(model: bytes) -> Any:
    """Read a .tflite into the schema's object tree (ModelT). Raises ModelError on anything else."""
    _check_header(model)
    classes = schema()
    with reading():
        tree = classes.ModelT.InitFromObj(classes.Model.GetRootAs(model, 0))
        _attach_outside_data(tree, model)
        _check_indices(tree)
    return tree


@contextmanager
def reading() -> Iterator[None]:
    """Turn what a broken file makes its readers raise into ModelError."""
    try:
        yield
    except _PARSE_ERRORS as error:
        raise ModelError(f"The .tflite is corrupt ({type(error).__name__}: {error}). {_NEXT_STEP}") from error


def operator_name(tree: Any, operator: Any) -> str:
    """An operator's name, as CONV_2D. tree: ModelT. operator: OperatorT."""
    code = tree.operatorCodes[operator.opcodeIndex]
    # Codes above 127 stand in the newer field only; the larger of the two is the real one.
    return _names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]


def dtype_name(tensor: Any) -> str:
    """A tensor's type, as float32, int8 or int32. tensor: TensorT."""
    return _names("TensorType")[tensor.type].lower()


def shape_of(tensor: Any) -> tuple[int, ...]:
    """A tensor's shape; () for a scalar. tensor: TensorT."""
    return () if tensor.shape is None else tuple(int(side) for side in tensor.shape)


def text(name: bytes | str | None) -> str:
    """A flatbuffer string as str; empty when the field is absent."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""


@functools.cache
def _names(enumeration: str) -> dict[int, str]:
    members = vars(getattr(schema(), enumeration))
    return {value: name for name, value in members.items() if isinstance(value, int)}


def _check_header(model: bytes) -> None:
    if not isinstance(model, (bytes, bytearray, memoryview)):
        raise ModelError(f"A model must be given as bytes, not {type(model).__name__}. Read the file's bytes first.")
    if len(model) < 8:
        raise ModelError(f"The model has {len(model)} bytes; a .tflite has at least 8. {_NEXT_STEP}")
    if bytes(model[4:8]) != IDENTIFIER:
        found = bytes(model[4:8])
        raise ModelError(f"Bytes 4 to 8 of the model are {found!r}; a .tflite has {IDENTIFIER!r}. {_NEXT_STEP}")
    root = int.from_bytes(model[:4], "little")
    if root + 4 > len(model):
        raise ModelError(f"The .tflite is truncated: root at byte {root} of {len(model)}. {_NEXT_STEP}")


def _attach_outside_data(tree: Any, model: bytes) -> None:
    """Fetch the data of buffers that stand after the flatbuffer, as the quantizer writes them."""
    for buffer in tree.buffers or []:
        if buffer.offset > 1:
            _within("byte", [buffer.offset + buffer.size - 1], len(model))
            buffer.data = model[buffer.offset : buffer.offset + buffer.size]
            buffer.offset = buffer.size = 0


def _check_indices(tree: Any) -> None:
    """Raise IndexError or ValueError where one part of the file points at a part that isn't there."""
    if not tree.subgraphs:
        raise ValueError("no subgraph")
    for graph in tree.subgraphs:
        tensors, operators = graph.tensors or [], graph.operators or []
        _within("tensor", _ids(graph.inputs) + _ids(graph.outputs), len(tensors))
        _within("buffer", [tensor.buffer for tensor in tensors], len(tree.buffers or []))
        _within("operator code", [operator.opcodeIndex for operator in operators], len(tree.operatorCodes or []))
        for operator in operators:
            # -1 stands for an optional input that is left out.
            _within("tensor", _ids(operator.outputs) + [i for i in _ids(operator.inputs) if i != -1], len(tensors))
            operator_name(tree, operator)
        for tensor in tensors:
            dtype_name(tensor)
    _check_signatures(tree)


def _check_signatures(tree: Any) -> None:
    for signature in tree.signatureDefs or []:
        _within("subgraph", [signature.subgraphIndex], len(tree.subgraphs))
        tensors = len(tree.subgraphs[signature.subgraphIndex].tensors or [])
        _within(
            "tensor", [entry.tensorIndex for entry in (signature.inputs or []) + (signature.outputs or [])], tensors
        )
    _within("buffer", [entry.buffer for entry in tree.metadata or []], len(tree.buffers or []))


def _ids(indices: Any) -> list[int]:
    return [] if indices is None else [int(index) for index in indices]


def _within(what: str, indices: list[int], count: int) -> None:
    for index in indices:
        if not 0 <= index < count:
            raise IndexError(f"{what} {index} of {count}")
