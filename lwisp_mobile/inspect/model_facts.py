"""What a .tflite holds: operations, inputs and outputs, float islands, size; and its metadata buffers."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from lwisp_mobile.engine.xnnpack_coverage import Coverage, delegate_coverage, signature_coverage
from lwisp_mobile.tflite.reader import dtype_name, operator_name, parse_tflite, reading, shape_of, text

__all__ = [
    "Coverage",
    "GraphFacts",
    "OpCount",
    "SignatureFacts",
    "TensorFacts",
    "delegate_coverage",
    "inspect_tflite",
    "operator_macs",
    "read_metadata",
    "signature_coverage",
]

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


@dataclass(frozen=True)
class OpCount:
    """How often an operation occurs with one output type."""

    name: str
    """As CONV_2D."""
    dtype: str
    """Type of the first output, as float32 or int8."""
    count: int


@dataclass(frozen=True)
class TensorFacts:
    """An input or output of the model."""

    name: str
    """Its name in the signature; the tensor's own name in a model without signatures."""
    dtype: str
    shape: tuple[int, ...]
    """As stored in the file; the runtime may resize it."""
    scale: float | None
    """Quantisation step; None for a float tensor."""
    zero_point: int | None


@dataclass(frozen=True)
class SignatureFacts:
    """One of the ways a model can be called."""

    name: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    operations: int
    macs: int
    """Multiply-accumulates at the stored size."""


@dataclass(frozen=True)
class GraphFacts:
    """What `inspect_tflite` found in the first subgraph, and the signatures of all."""

    ops: tuple[OpCount, ...]
    """Sorted by name and type."""
    max_rank: int
    """Largest number of axes of any tensor."""
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    float_islands: tuple[str, ...]
    """'OP: output tensor' of every operation with a float tensor in a quantised model."""
    parameters: int
    """Weights and biases; what several operations share counts once."""
    macs: int
    """Multiply-accumulates of convolutions and linear layers at the stored size."""
    signatures: tuple[SignatureFacts, ...]
    """In the file's order; they may share weights."""

    def count(self, name: str) -> int:
        """Operations called name, whatever their type."""
        return sum(op.count for op in self.ops if op.name == name)


def inspect_tflite(model: bytes) -> GraphFacts:
    """Read a model's graph without running it. model: a .tflite's bytes. Raises ModelError if they aren't one."""
    tree = parse_tflite(model)
    with reading():
        return _gather(tree)


def _gather(tree: Any) -> GraphFacts:
    graph = tree.subgraphs[0]
    inputs, outputs = _interface(tree)
    return GraphFacts(
        ops=_histogram(tree),
        max_rank=max((len(shape_of(tensor)) for tensor in graph.tensors), default=0),
        inputs=inputs,
        outputs=outputs,
        float_islands=_float_islands(tree),
        parameters=_parameters(tree),
        macs=_graph_macs(tree, graph),
        signatures=tuple(_signature_facts(tree, signature) for signature in tree.signatureDefs or []),
    )


def _signature_facts(tree: Any, signature: Any) -> SignatureFacts:
    graph = tree.subgraphs[signature.subgraphIndex]
    inputs, outputs = _signature_tensors(graph, signature)
    return SignatureFacts(
        text(signature.signatureKey), inputs, outputs, len(graph.operators or []), _graph_macs(tree, graph)
    )


def read_metadata(model: bytes, name: str) -> bytes | None:
    """Read the metadata buffer called name; None if the model has none. Raises ModelError if model isn't a .tflite."""
    tree = parse_tflite(model)
    for entry in tree.metadata or []:
        if text(entry.name) == name:
            data = tree.buffers[entry.buffer].data
            return b"" if data is None else bytes(bytearray(data))
    return None


def _histogram(tree: Any) -> tuple[OpCount, ...]:
    graph = tree.subgraphs[0]
    counts = Counter(
        (operator_name(tree, op), dtype_name(graph.tensors[op.outputs[0]]))
        for op in graph.operators or []
        if _ids(op.outputs)
    )
    return tuple(OpCount(name, dtype, count) for (name, dtype), count in sorted(counts.items()))


def _interface(tree: Any) -> tuple[tuple[TensorFacts, ...], tuple[TensorFacts, ...]]:
    graph = tree.subgraphs[0]
    tensors = graph.tensors
    for signature in tree.signatureDefs or []:
        if signature.subgraphIndex == 0:
            return _signature_tensors(graph, signature)
    inputs = tuple(_facts(text(tensors[i].name), tensors[i]) for i in _ids(graph.inputs))
    return inputs, tuple(_facts(text(tensors[i].name), tensors[i]) for i in _ids(graph.outputs))


def _signature_tensors(graph: Any, signature: Any) -> tuple[tuple[TensorFacts, ...], tuple[TensorFacts, ...]]:
    inputs = tuple(_facts(text(entry.name), graph.tensors[entry.tensorIndex]) for entry in signature.inputs or [])
    return inputs, tuple(_facts(text(e.name), graph.tensors[e.tensorIndex]) for e in signature.outputs or [])


def _facts(name: str, tensor: Any) -> TensorFacts:
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) == 0:
        return TensorFacts(name, dtype_name(tensor), shape_of(tensor), None, None)
    zero_point = 0 if quantization.zeroPoint is None else int(quantization.zeroPoint[0])
    return TensorFacts(name, dtype_name(tensor), shape_of(tensor), float(quantization.scale[0]), zero_point)


def _float_islands(tree: Any) -> tuple[str, ...]:
    graph = tree.subgraphs[0]
    islands = []
    for operator in graph.operators or []:
        dtypes = {dtype_name(graph.tensors[i]) for i in _ids(operator.inputs) + _ids(operator.outputs) if i >= 0}
        if dtypes & {"float32", "float16"} and _ids(operator.outputs):
            islands.append(f"{operator_name(tree, operator)}: {text(graph.tensors[operator.outputs[0]].name)}")
    # A model without int8 activations is a float model: the whole of it is float on purpose.
    return tuple(islands) if _is_quantised(tree) else ()


def _is_quantised(tree: Any) -> bool:
    graph = tree.subgraphs[0]
    produced = [i for operator in graph.operators or [] for i in _ids(operator.outputs)]
    return any(dtype_name(graph.tensors[i]) in ("int8", "uint8", "int16") for i in produced)


def _parameters(tree: Any) -> int:
    graph = tree.subgraphs[0]
    sizes = {}
    sources = {i: op for op in graph.operators or [] for i in _ids(op.outputs)}
    for operator in graph.operators or []:
        if operator_name(tree, operator) in _WEIGHTED:
            # In fp16 models a DEQUANTIZE stands between the stored weights and the operation.
            constants = [_stored(graph, sources, i) for i in _ids(operator.inputs)[1:] if i >= 0]
            # A bias is quantised once per use, so it is counted with its weights.
            sizes[constants[0].buffer] = sum(math.prod(shape_of(tensor)) for tensor in constants)
    return sum(sizes.values())


def _stored(graph: Any, sources: dict[int, Any], index: int) -> Any:
    source = sources.get(index)
    return graph.tensors[index if source is None else source.inputs[0]]


def _graph_macs(tree: Any, graph: Any) -> int:
    return sum(operator_macs(tree, graph.tensors, operator) for operator in graph.operators or [])


def operator_macs(tree: Any, tensors: Any, operator: Any) -> int:
    """Multiply-accumulates of one operator at the stored size. tree: ModelT. tensors: its subgraph's."""
    name = operator_name(tree, operator)
    if name not in _WEIGHTED:
        return 0
    weights, result = shape_of(tensors[operator.inputs[1]]), shape_of(tensors[operator.outputs[0]])
    # Each output value needs as many products as one filter has weights; only the transposed form scatters its input.
    if name == "TRANSPOSE_CONV":
        return math.prod(shape_of(tensors[operator.inputs[2]])) * math.prod(weights[:-1])
    per_output = weights[1:-1] if name == "DEPTHWISE_CONV_2D" else weights[1:]
    return math.prod(result) * math.prod(per_output)


def _ids(indices: np.ndarray | list[int] | None) -> list[int]:
    return [] if indices is None else [int(index) for index in indices]
