"""What a .tflite contains: operations, inputs and outputs, float islands, size; and its metadata buffers."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.xnnpack_coverage import delegate_coverage, signature_coverage
from lwisp_mobile.tflite.graph import Graph, Operator, Signature, Tensor
from lwisp_mobile.tflite.reader import reading

__all__ = [
    "Coverage",
    "GraphFacts",
    "OpCount",
    "SignatureFacts",
    "TensorFacts",
    "delegate_coverage",
    "graph_facts",
    "inspect_tflite",
    "operator_macs",
    "read_metadata",
    "signature_coverage",
]

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_FLOAT = {"float32", "float16"}
_INTEGER = {"int8", "uint8", "int16"}


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
    graph = Graph.parse(model)
    with reading():
        return graph_facts(graph)


def graph_facts(graph: Graph) -> GraphFacts:
    """What a graph contains, and the signatures of its model."""
    inputs, outputs = _interface(graph)
    return GraphFacts(
        ops=_histogram(graph),
        max_rank=max((len(tensor.shape) for tensor in graph.tensors), default=0),
        inputs=inputs,
        outputs=outputs,
        float_islands=_float_islands(graph),
        parameters=_parameters(graph),
        macs=_graph_macs(graph),
        signatures=tuple(_signature_facts(graph, signature) for signature in graph.signatures),
    )


def _signature_facts(graph: Graph, signature: Signature) -> SignatureFacts:
    subgraph = graph.subgraphs[signature.subgraph]
    return SignatureFacts(
        signature.name,
        _tensor_facts(signature.inputs),
        _tensor_facts(signature.outputs),
        len(subgraph.operators),
        _graph_macs(subgraph),
    )


def read_metadata(model: bytes, name: str) -> bytes | None:
    """Read the metadata buffer called name; None if the model has none. Raises ModelError if model isn't a .tflite."""
    return Graph.parse(model).metadata(name)


def _histogram(graph: Graph) -> tuple[OpCount, ...]:
    counts = Counter((operator.kind, operator.output.dtype) for operator in graph.operators if operator.outputs)
    return tuple(OpCount(name, dtype, count) for (name, dtype), count in sorted(counts.items()))


def _interface(graph: Graph) -> tuple[tuple[TensorFacts, ...], tuple[TensorFacts, ...]]:
    for signature in graph.signatures:
        if signature.subgraph == graph.place:
            return _tensor_facts(signature.inputs), _tensor_facts(signature.outputs)
    inputs, outputs = ({tensor.name: tensor for tensor in tensors} for tensors in (graph.inputs, graph.outputs))
    return _tensor_facts(inputs), _tensor_facts(outputs)


def _tensor_facts(tensors: Mapping[str, Tensor]) -> tuple[TensorFacts, ...]:
    return tuple(_facts(name, tensor) for name, tensor in tensors.items())


def _facts(name: str, tensor: Tensor) -> TensorFacts:
    grid = tensor.quantization
    if grid is None:
        return TensorFacts(name, tensor.dtype, tensor.shape, None, None)
    return TensorFacts(name, tensor.dtype, tensor.shape, float(grid.scales[0]), int(grid.zero_points[0]))


def _float_islands(graph: Graph) -> tuple[str, ...]:
    islands = [
        f"{operator.kind}: {operator.output.name}"
        for operator in graph.operators
        if operator.outputs and {tensor.dtype for tensor in (*operator.inputs, *operator.outputs)} & _FLOAT
    ]
    # A model without int8 activations is a float model: the whole of it is float on purpose.
    return tuple(islands) if _is_quantised(graph) else ()


def _is_quantised(graph: Graph) -> bool:
    return any(tensor.dtype in _INTEGER for operator in graph.operators for tensor in operator.outputs)


def _parameters(graph: Graph) -> int:
    sizes = {}
    sources = {tensor: operator for operator in graph.operators for tensor in operator.outputs}
    for operator in graph.operators:
        if operator.kind in _WEIGHTED:
            # In fp16 models a DEQUANTIZE stands between the stored weights and the operation.
            constants = [_stored(sources, tensor) for tensor in operator.inputs[1:]]
            # A bias is quantised once per use, so it is counted with its weights.
            sizes[constants[0].buffer] = sum(math.prod(tensor.shape) for tensor in constants)
    return sum(sizes.values())


def _stored(sources: Mapping[Tensor, Operator], tensor: Tensor) -> Tensor:
    source = sources.get(tensor)
    return tensor if source is None else source.inputs[0]


def _graph_macs(graph: Graph) -> int:
    return sum(operator_macs(operator) for operator in graph.operators)


def operator_macs(operator: Operator) -> int:
    """Multiply-accumulates of one operator at the stored size."""
    if operator.kind not in _WEIGHTED:
        return 0
    weights = operator.weights.shape
    # Each output value needs as many products as one filter has weights; only the transposed form scatters its input.
    if operator.kind == "TRANSPOSE_CONV":
        return math.prod(operator.inputs[2].shape) * math.prod(weights[:-1])
    per_output = weights[1:-1] if operator.kind == "DEPTHWISE_CONV_2D" else weights[1:]
    return math.prod(operator.output.shape) * math.prod(per_output)
