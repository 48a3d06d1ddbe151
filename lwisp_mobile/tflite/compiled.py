"""Models compiled for an NPU by LiteRT: DISPATCH_OP operators whose options say where the program lies in the file."""

from dataclasses import dataclass
from typing import Any

from lwisp_mobile.errors import ModelError, require_extra
from lwisp_mobile.tflite.graph import Graph, Tensor

DISPATCH = "DISPATCH_OP"


@dataclass(frozen=True)
class NpuProgram:
    """What stands in place of a part of a graph."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    program: bytes
    """In the vendor's own format."""


def read_programs(model: bytes) -> tuple[NpuProgram, ...]:
    """The NPU's programs of a model's first subgraph. Raises ModelError if an option is missing or points elsewhere."""
    operators = [operator for operator in Graph.parse(model).operators if operator.custom_kind == DISPATCH]
    return tuple(
        NpuProgram(found["name"], operator.inputs, operator.outputs, _cut(model, found))
        for operator, found in ((operator, _options(operator.custom_options)) for operator in operators)
    )


def _options(data: bytes) -> dict[str, Any]:
    try:
        from flatbuffers import flexbuffers  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("flatbuffers", "export", error) from error
    found = flexbuffers.Loads(data)
    if not isinstance(found, dict) or not {"name", "bytecode_offset", "bytecode_size"} <= found.keys():
        raise ModelError(f"A {DISPATCH} doesn't say where its program is. Compile the model again.")
    return found


def _cut(model: bytes, options: dict[str, Any]) -> bytes:
    start, size = options["bytecode_offset"], options["bytecode_size"]
    if not 0 < start < start + size <= len(model):
        raise ModelError(f"A {DISPATCH}'s program would lie at {start} to {start + size} of {len(model)} bytes.")
    return model[start : start + size]
