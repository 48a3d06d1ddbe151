"""A .tflite as a typed graph: what every rewrite takes and returns, between one parse and one pack."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.tflite import litert_schema as schema
from lwisp_mobile.tflite.elements import Activation, Operator, Padding, Quantization, Tensor
from lwisp_mobile.tflite.integrity import ABSENT
from lwisp_mobile.tflite.reader import numbers, read_model, text
from lwisp_mobile.tflite.writer import buffer_bytes, write_model

__all__ = ["Activation", "Graph", "Operator", "Padding", "Quantization", "Signature", "Tensor"]

SCHEMA_VERSION = 3
_OPTIONS = {
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "FAKE_QUANT": "FakeQuantOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MUL": "MulOptions",
    "TRANSPOSE": "TransposeOptions",
}
"""Classes of options, of the operators that rewrites add."""
_LARGEST_OLD_CODE = 127
"""Larger ones stand in the newer field only, and the older one holds this."""


@dataclass(frozen=True)
class Signature:
    """A way to call the model."""

    name: str
    subgraph: int
    """Place of the subgraph that it runs."""
    inputs: dict[str, Tensor]
    """By their names in the signature, in its order."""
    outputs: dict[str, Tensor]


class Graph:
    """One subgraph, and the model that it's part of: constants, signatures, metadata and other subgraphs.

    Functions that rewrite a graph work on a `copy` and return that one.
    """

    def __init__(self, model: schema.ModelT, subgraph: int = 0) -> None:
        """model: the schema's own object. subgraph: place of this graph in it."""
        self.model, self.place = model, subgraph
        self.table = model.subgraphs[subgraph]

    @classmethod
    def parse(cls, data: bytes) -> Graph:
        """Read a .tflite's bytes; the graph is its first subgraph. Raises ModelError if they aren't one."""
        return cls(read_model(data))

    @classmethod
    def empty(cls) -> Graph:
        """A model of one subgraph without tensors and operators."""
        model, table = schema.ModelT(), schema.SubGraphT()
        model.version, model.operatorCodes, model.buffers = SCHEMA_VERSION, [], [schema.BufferT()]
        table.tensors, table.operators = [], []
        model.subgraphs = [table]
        return cls(model)

    def pack(self) -> bytes:
        """The whole model as a .tflite's bytes; equal models give equal ones.

        Raises MissingExtraError without flatbuffers.
        """
        return write_model(self.model)

    def copy(self) -> Graph:
        """The same model to be changed by itself. Constants, which are replaced and never changed, are shared."""
        kept: dict[int, Any] = {id(buffer.data): buffer.data for buffer in self.model.buffers}
        return Graph(copy.deepcopy(self.model, kept), self.place)

    # ---- the model

    @property
    def subgraphs(self) -> tuple[Graph, ...]:
        """Every subgraph of the model, in order."""
        return tuple(Graph(self.model, place) for place in range(len(self.model.subgraphs)))

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The model's signatures, in order."""
        return tuple(
            Signature(
                text(found.signatureKey),
                found.subgraphIndex,
                self._entries(found.subgraphIndex, found.inputs),
                self._entries(found.subgraphIndex, found.outputs),
            )
            for found in self.model.signatureDefs or []
        )

    def add_signature(self, name: str, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Add a way to call this subgraph."""
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = name, self.place
        signature.inputs, signature.outputs = _tensor_maps(inputs), _tensor_maps(outputs)
        self.model.signatureDefs = [*(self.model.signatureDefs or []), signature]

    def metadata(self, name: str) -> bytes | None:
        """The metadata of this name; None where there are none."""
        entry = self._metadata_entry(name)
        return None if entry is None else buffer_bytes(self.model.buffers[entry.buffer])

    def set_metadata(self, name: str, data: bytes) -> None:
        """Add metadata, or replace those of this name."""
        entry = self._metadata_entry(name)
        if entry is None:
            entry = schema.MetadataT()
            entry.name = name
            self.model.metadata = [*(self.model.metadata or []), entry]
        # A new buffer: a tensor may share the old one.
        entry.buffer = self._add_buffer(data)

    def add_subgraph(
        self, name: str, operators: Sequence[Operator], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
    ) -> Graph:
        """Append a subgraph of some of this one's operators, and return it; it shares this one's constants."""
        used = sorted({tensor for operator in operators for tensor in (*operator.inputs, *operator.outputs)})
        place = {tensor.index: new for new, tensor in enumerate(used)} | {ABSENT: ABSENT}
        table = schema.SubGraphT()
        table.name = name
        table.tensors = [copy.copy(tensor.table) for tensor in used]
        table.operators = [copy.copy(operator.table) for operator in operators]
        for moved in table.operators:
            _renumber(moved, place)
        table.inputs = np.array([place[tensor.index] for tensor in inputs], np.int32)
        table.outputs = np.array([place[tensor.index] for tensor in outputs], np.int32)
        self.model.subgraphs.append(table)
        return Graph(self.model, len(self.model.subgraphs) - 1)

    def isolate(self) -> None:
        """Drop the model's other subgraphs, its signatures and its metadata."""
        self.model.subgraphs, self.model.signatureDefs, self.model.metadata = [self.table], [], []
        self.place = 0

    # ---- tensors

    @property
    def name(self) -> str:
        """The subgraph's name."""
        return text(self.table.name)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor, in order."""
        return tuple(Tensor(i, table, self.model) for i, table in enumerate(self.table.tensors))

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that are given to it."""
        return tuple(self.tensor(i) for i in numbers(self.table.inputs))

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors that are its results."""
        return tuple(self.tensor(i) for i in numbers(self.table.outputs))

    def tensor(self, index: int) -> Tensor:
        """The tensor in a place."""
        return Tensor(index, self.table.tensors[index], self.model)

    def producer(self, tensor: Tensor) -> Operator | None:
        """The operator that writes a tensor; None for inputs and constants."""
        return next((operator for operator in self.operators if tensor in operator.outputs), None)

    def readers(self, tensor: Tensor) -> tuple[Operator, ...]:
        """The operators that read a tensor, in order; once each."""
        return tuple(operator for operator in self.operators if tensor in operator.inputs)

    def add_tensor(
        self, name: str, shape: Sequence[int], values: NDArray[Any] | None = None, dtype: str = "float32"
    ) -> Tensor:
        """Append a tensor. values: of a constant; None: it's computed. A name that is taken gets a "_" behind it."""
        taken = {tensor.name for tensor in self.tensors}
        while name in taken:
            name += "_"
        table = schema.TensorT()
        table.name, table.type = name, schema.value_of(schema.TensorType, dtype.upper())
        table.shape = np.array(shape, np.int32)
        table.buffer = 0 if values is None else self._add_buffer(values.astype(dtype).tobytes())
        self.table.tensors.append(table)
        return self.tensor(len(self.table.tensors) - 1)

    def set_constant(self, tensors: Sequence[Tensor], values: NDArray[Any]) -> None:
        """Give tensors these values, and their shape, in one new buffer: others may share the old one."""
        place = self._add_buffer(values.astype(tensors[0].dtype).tobytes())
        for tensor in tensors:
            tensor.table.buffer = place
            tensor.set_shape(values.shape)

    def set_interface(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Say which tensors are given to the graph and which are its results."""
        self.table.inputs = np.array([tensor.index for tensor in inputs], np.int32)
        self.table.outputs = np.array([tensor.index for tensor in outputs], np.int32)

    def replace_tensor(self, old: Tensor, new: Tensor) -> None:
        """Have operators, results and signatures take another tensor instead of one; its producer still writes it."""
        place = {old.index: new.index}
        for operator in self.table.operators:
            operator.inputs = _renumbered(operator.inputs, place)
        self.table.outputs = _renumbered(self.table.outputs, place)
        for signature in self.model.signatureDefs or []:
            for entry in signature.outputs or []:
                if signature.subgraphIndex == self.place:
                    entry.tensorIndex = place.get(entry.tensorIndex, entry.tensorIndex)

    # ---- operators

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Every operator, in the order in which they run."""
        return tuple(Operator(table, self.table, self.model) for table in self.table.operators)

    def make_operator(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        options: Mapping[str, float],
        version: int = 1,
    ) -> Operator:
        """An operator that isn't in the graph yet: `insert_before` or `insert_after` puts it there.

        options: by the schema's names. version: of the kind, where the model doesn't have that yet.
        """
        operator = Operator(schema.OperatorT(), self.table, self.model)
        operator.table.opcodeIndex = self._code(kind, version)
        operator.set_inputs(inputs)
        operator.set_outputs(outputs)
        name = _OPTIONS[kind]
        operator.table.builtinOptionsType = schema.value_of(schema.BuiltinOptions, name)
        operator.table.builtinOptions = getattr(schema, f"{name}T")()
        for option, value in options.items():
            setattr(operator.table.builtinOptions, option, value)
        return operator

    def insert_before(self, anchor: Operator, operator: Operator) -> None:
        """Put an operator before another one."""
        self.table.operators.insert(self._position(anchor), operator.table)

    def insert_after(self, anchor: Operator, operator: Operator) -> None:
        """Put an operator behind another one."""
        self.table.operators.insert(self._position(anchor) + 1, operator.table)

    def append(self, operator: Operator) -> None:
        """Put an operator at the end."""
        self.table.operators.append(operator.table)

    def remove(self, operator: Operator) -> None:
        """Take an operator out."""
        del self.table.operators[self._position(operator)]

    # ---- storage

    def drop_unused(self) -> None:
        """Remove tensors that nothing in this graph names, and kinds of operators that no operator is of.

        The tensors that stay get new places: handles from before are void.
        """
        used = {*numbers(self.table.inputs), *numbers(self.table.outputs)}
        for operator in self.table.operators:
            used.update(numbers(operator.inputs) + numbers(operator.outputs))
        place = {old: new for new, old in enumerate(sorted(used - {ABSENT}))} | {ABSENT: ABSENT}
        self.table.tensors = [tensor for old, tensor in enumerate(self.table.tensors) if old in used]
        owners: list[schema.SubGraphT | schema.OperatorT] = [self.table, *self.table.operators]
        for owner in owners:
            _renumber(owner, place)
        for signature in self.model.signatureDefs or []:
            for entry in (*(signature.inputs or []), *(signature.outputs or [])):
                if signature.subgraphIndex == self.place:
                    entry.tensorIndex = place[entry.tensorIndex]
        self._drop_unused_codes()

    def share_buffers(self) -> None:
        """Store equal data once, and nothing that no tensor and no metadata refer to.

        A block that runs twice gets two copies of its weights from the converter.
        """
        owners: list[schema.TensorT | schema.MetadataT] = list(self.model.metadata or [])
        owners[:0] = [tensor for subgraph in self.model.subgraphs for tensor in subgraph.tensors]
        # Buffer 0 is empty by the format's rule and stands for "no data".
        places: dict[bytes, int] = {b"": 0}
        for owner in owners:
            owner.buffer = places.setdefault(buffer_bytes(self.model.buffers[owner.buffer]), len(places))
        self.model.buffers = [_buffer(data) for data in places]

    def unshare_buffers(self) -> None:
        """Give every tensor a buffer of its own, for programs that change one tensor's at a time."""
        taken: set[int] = set()
        for tensor in self.table.tensors:
            if tensor.buffer in taken and self.model.buffers[tensor.buffer].data is not None:
                tensor.buffer = self._add_buffer(buffer_bytes(self.model.buffers[tensor.buffer]))
            taken.add(tensor.buffer)

    # ---- details

    def _entries(self, place: int, entries: Sequence[schema.TensorMapT] | None) -> dict[str, Tensor]:
        subgraph = Graph(self.model, place)
        return {text(entry.name): subgraph.tensor(entry.tensorIndex) for entry in entries or []}

    def _metadata_entry(self, name: str) -> schema.MetadataT | None:
        return next((entry for entry in self.model.metadata or [] if text(entry.name) == name), None)

    def _add_buffer(self, data: bytes) -> int:
        self.model.buffers.append(_buffer(data))
        return len(self.model.buffers) - 1

    def _position(self, operator: Operator) -> int:
        return next(i for i, table in enumerate(self.table.operators) if table is operator.table)

    def _code(self, kind: str, version: int) -> int:
        """The place of a kind of operators among the model's, added if need be."""
        number = schema.value_of(schema.BuiltinOperator, kind)
        codes = self.model.operatorCodes
        for place, code in enumerate(codes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                return place
        added = schema.OperatorCodeT()
        added.builtinCode, added.deprecatedBuiltinCode = number, min(number, _LARGEST_OLD_CODE)
        added.version = version
        codes.append(added)
        return len(codes) - 1

    def _drop_unused_codes(self) -> None:
        operators = [operator for subgraph in self.model.subgraphs for operator in subgraph.operators]
        used = sorted({operator.opcodeIndex for operator in operators})
        self.model.operatorCodes = [self.model.operatorCodes[old] for old in used]
        for operator in operators:
            operator.opcodeIndex = used.index(operator.opcodeIndex)


def _tensor_maps(tensors: Mapping[str, Tensor]) -> list[schema.TensorMapT]:
    return [_tensor_map(name, tensor) for name, tensor in tensors.items()]


def _tensor_map(name: str, tensor: Tensor) -> schema.TensorMapT:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name, tensor.index
    return entry


def _buffer(data: bytes) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data, np.uint8)
    return buffer


def _renumber(owner: schema.SubGraphT | schema.OperatorT, place: Mapping[int, int]) -> None:
    owner.inputs, owner.outputs = _renumbered(owner.inputs, place), _renumbered(owner.outputs, place)


def _renumbered(vector: NDArray[np.int32] | None, place: Mapping[int, int]) -> NDArray[np.int32]:
    return np.array([place.get(i, i) for i in numbers(vector)], np.int32)
