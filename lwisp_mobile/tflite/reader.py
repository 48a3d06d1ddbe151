"""A .tflite file as the schema's objects, checked before and after they are read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.tflite import litert_schema as schema
from lwisp_mobile.tflite.integrity import (
    ABSENT,
    References,
    SignatureReferences,
    SubgraphReferences,
    check_header,
    check_references,
    corrupt,
)

# What Python's flatbuffers reader (which has no verifier) raises on offsets that point nowhere.
_READ_ERRORS = (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError, AttributeError, KeyError)


def read_model(data: bytes) -> schema.ModelT:
    """Read a .tflite's bytes. Raises ModelError on anything else, MissingExtraError without ai-edge-litert."""
    check_header(data)
    with reading():
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
        _fill_vectors(model)
        _attach_outside_data(model, data)
        _check_names(model)
        references = _references(model)
    check_references(references)
    return model


@contextmanager
def reading() -> Iterator[None]:
    """Turn what a broken file makes its readers raise into ModelError."""
    try:
        yield
    except _READ_ERRORS as error:
        raise corrupt(f"{type(error).__name__}, {error}") from error


def operator_kind(code: schema.OperatorCodeT) -> str:
    """A kind of operator by its name in the schema, as CONV_2D."""
    # Codes above 127 stand in the newer field only; the larger of the two is the real one.
    return schema.name_of(schema.BuiltinOperator, max(code.builtinCode, code.deprecatedBuiltinCode))


def text(name: bytes | str | None) -> str:
    """A flatbuffer string as str; empty when the field is absent."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""


def numbers(vector: NDArray[np.integer] | list[int] | None) -> list[int]:
    """A vector of numbers as a list; empty when the field is absent."""
    return [] if vector is None else [int(number) for number in vector]


def _fill_vectors(model: schema.ModelT) -> None:
    """Give absent vectors no entries: nobody need ask whether there is one."""
    model.operatorCodes, model.subgraphs = model.operatorCodes or [], model.subgraphs or []
    model.buffers = model.buffers or []
    for subgraph in model.subgraphs:
        subgraph.tensors, subgraph.operators = subgraph.tensors or [], subgraph.operators or []


def _attach_outside_data(model: schema.ModelT, data: bytes) -> None:
    """Fetch the data of buffers that stand after the flatbuffer, as the quantizer writes them."""
    for buffer in model.buffers:
        if buffer.offset > 1:
            if buffer.offset + buffer.size > len(data):
                raise corrupt(f"a buffer at {buffer.offset} to {buffer.offset + buffer.size} of {len(data)} bytes")
            buffer.data = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0


def _check_names(model: schema.ModelT) -> None:
    """Raise KeyError on an operator or a type that the schema hasn't."""
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            schema.name_of(schema.TensorType, tensor.type)
    for code in model.operatorCodes:
        operator_kind(code)


def _references(model: schema.ModelT) -> References:
    entries = [
        (signature.subgraphIndex, [*(signature.inputs or []), *(signature.outputs or [])])
        for signature in model.signatureDefs or []
    ]
    return References(
        buffers=len(model.buffers),
        operator_codes=len(model.operatorCodes),
        subgraphs=[_subgraph_references(subgraph) for subgraph in model.subgraphs],
        signatures=[SignatureReferences(place, [entry.tensorIndex for entry in found]) for place, found in entries],
        metadata_buffers=[entry.buffer for entry in model.metadata or []],
    )


def _subgraph_references(subgraph: schema.SubGraphT) -> SubgraphReferences:
    operators = subgraph.operators
    named = numbers(subgraph.inputs) + numbers(subgraph.outputs)
    read = [i for operator in operators for i in numbers(operator.inputs) if i != ABSENT]
    written = [i for operator in operators for i in numbers(operator.outputs)]
    return SubgraphReferences(
        tensors=len(subgraph.tensors),
        tensor_numbers=[*named, *read, *written],
        buffer_numbers=[tensor.buffer for tensor in subgraph.tensors],
        operator_codes=[operator.opcodeIndex for operator in operators],
    )
