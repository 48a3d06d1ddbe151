"""What every .tflite must keep to be read at all: its header, and that each number in it names a part that is there.

Both readers, of bytes and of objects, ask here, and both refuse with one message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_mobile.errors import ModelError

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every .tflite file."""
ABSENT = -1
"""Stands for an operator's optional input that is left out."""

_NEXT_STEP = "Copy or download the file again, or export the model again."


@dataclass(frozen=True)
class SubgraphReferences:
    """A subgraph's tensors, counted, and the numbers in it that name other parts."""

    tensors: int
    tensor_numbers: Sequence[int]
    """In the subgraph's and its operators' inputs and outputs, without those left out."""
    buffer_numbers: Sequence[int]
    operator_codes: Sequence[int]


@dataclass(frozen=True)
class SignatureReferences:
    """The numbers in a signature."""

    subgraph: int
    tensor_numbers: Sequence[int]


@dataclass(frozen=True)
class References:
    """A model's parts, counted, and every number in it that names one of them."""

    buffers: int
    operator_codes: int
    subgraphs: Sequence[SubgraphReferences]
    signatures: Sequence[SignatureReferences]
    metadata_buffers: Sequence[int]


def corrupt(found: str) -> ModelError:
    """The error for a file that isn't whole."""
    return ModelError(f"The .tflite is corrupt: {found}. {_NEXT_STEP}")


def check_header(model: bytes) -> None:
    """Raise ModelError for anything that can't be a .tflite file's bytes."""
    if not isinstance(model, (bytes, bytearray, memoryview)):
        raise ModelError(f"A model must be given as bytes, not {type(model).__name__}. Read the file's bytes first.")
    if len(model) < 8:
        raise ModelError(f"The model has {len(model)} bytes; a .tflite has at least 8. {_NEXT_STEP}")
    found = bytes(model[4:8])
    if found != IDENTIFIER:
        raise ModelError(f"Bytes 4 to 8 of the model are {found!r}; a .tflite has {IDENTIFIER!r}. {_NEXT_STEP}")
    root = int.from_bytes(model[:4], "little")
    if root + 4 > len(model):
        raise corrupt(f"truncated, with its root at byte {root} of {len(model)}")


def check_references(model: References) -> None:
    """Raise ModelError where a number names a part that isn't there, or there is no subgraph."""
    if not model.subgraphs:
        raise corrupt("no subgraph")
    for subgraph in model.subgraphs:
        _check("tensor", subgraph.tensor_numbers, subgraph.tensors)
        _check("buffer", subgraph.buffer_numbers, model.buffers)
        _check("operator code", subgraph.operator_codes, model.operator_codes)
    for signature in model.signatures:
        _check("subgraph", [signature.subgraph], len(model.subgraphs))
        _check("tensor", signature.tensor_numbers, model.subgraphs[signature.subgraph].tensors)
    _check("buffer", model.metadata_buffers, model.buffers)


def _check(part: str, numbers: Sequence[int], count: int) -> None:
    for number in numbers:
        if not 0 <= number < count:
            raise corrupt(f"{part} {number} of {count}")
