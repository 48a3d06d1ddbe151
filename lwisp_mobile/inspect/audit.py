"""What a .tflite really computes, and what in it is not what an int8 file for phones should be.

A file may hold int8 weights and still compute in float, leave layers in float between int8 ones, or hold operations
that no delegate takes. This reads the graph and asks the runtime; it works on anybody's model.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lwisp_mobile.engine.xnnpack_coverage import Coverage, delegate_coverage, signature_coverage
from lwisp_mobile.inspect.model_facts import operator_macs
from lwisp_mobile.tflite.reader import dtype_name, operator_name, parse_tflite, reading, shape_of, text

MAX_RANK = 4
"""GPU delegates take no more axes."""

Arithmetic = Literal["int8", "int16", "hybrid", "float", "other"]
"""Of one operation. hybrid: int8 weights against float activations, which the runtime quantises at every run."""

_INT8 = {"int8", "uint8", "int4"}
_FLOAT = {"float32", "float16"}
_CONVERTING = ("QUANTIZE", "DEQUANTIZE")
_EMULATED = ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES")
"""Operations that a plain runtime doesn't have: TensorFlow's own (Flex) and vendors'."""
_MOST_NAMES = 5


@dataclass(frozen=True)
class Fault:
    """One thing that isn't what it seems, or that a delegate won't take."""

    kind: Literal["float island", "hybrid", "stored as int8", "custom operation", "rank", "not delegated", "pieces"]
    message: str


@dataclass(frozen=True)
class Work:
    """How much is computed in one arithmetic."""

    arithmetic: Arithmetic
    operations: int
    macs: int
    """Multiply-accumulates at the stored size."""
    macs_share: float
    """Of the model's, in [0, 1]."""


@dataclass(frozen=True)
class StrictReport:
    """A model's real arithmetic, and its faults; none: it passes."""

    work: tuple[Work, ...]
    """Of the first subgraph, the most multiply-accumulates first."""
    faults: tuple[Fault, ...]


def examine(model: bytes) -> StrictReport:
    """Examine a .tflite. model: its bytes. Raises ModelError if they aren't one, or the runtime refuses them."""
    tree = parse_tflite(model)
    with reading():
        work = _work(tree, tree.subgraphs[0])
        found = [fault for graph in tree.subgraphs for fault in _graph_faults(tree, graph)]
    if not any(fault.kind == "custom operation" for fault in found):  # those the runtime here would refuse
        coverage = signature_coverage(model) or {"the model": delegate_coverage(model)}
        found += [fault for name, covered in coverage.items() for fault in _delegation_faults(name, covered)]
    # Signatures of one model share operations.
    return StrictReport(work, tuple(dict.fromkeys(found)))


def arithmetic_of(tree: Any, graph: Any, operator: Any) -> Arithmetic:
    """What an operation computes in, from the types of its activations and weights. tree: ModelT."""
    if operator_name(tree, operator) in _CONVERTING:
        return "other"
    inputs = [i for i in _ids(operator.inputs) if i >= 0]
    weights = {dtype_name(graph.tensors[i]) for i in inputs if _is_constant(tree, graph, i)}
    activations = {dtype_name(graph.tensors[i]) for i in inputs if not _is_constant(tree, graph, i)}
    activations |= {dtype_name(graph.tensors[i]) for i in _ids(operator.outputs)}
    if activations & _FLOAT:
        return "hybrid" if weights & _INT8 else "float"
    if "int16" in activations:
        return "int16"
    return "int8" if activations & _INT8 else "other"


def _work(tree: Any, graph: Any) -> tuple[Work, ...]:
    operations, macs = Counter[Arithmetic](), Counter[Arithmetic]()
    for operator in graph.operators or []:
        kind = arithmetic_of(tree, graph, operator)
        operations[kind] += 1
        macs[kind] += operator_macs(tree, graph.tensors, operator)
    total = max(macs.total(), 1)
    found = (Work(kind, count, macs[kind], macs[kind] / total) for kind, count in operations.items())
    return tuple(sorted(found, key=lambda work: (-work.macs, -work.operations)))


def _graph_faults(tree: Any, graph: Any) -> Iterator[Fault]:
    operators = [(operator, arithmetic_of(tree, graph, operator)) for operator in graph.operators or []]
    quantised = any(kind in ("int8", "int16") for _operator, kind in operators)
    islands = [_place(tree, graph, operator) for operator, kind in operators if kind == "float"]
    if quantised and islands:
        yield Fault("float island", f"{len(islands)} of {len(operators)} operations are float: {_some(islands)}")
    hybrids = [_place(tree, graph, operator) for operator, kind in operators if kind == "hybrid"]
    if hybrids:
        yield Fault("hybrid", f"int8 weights with float activations in {len(hybrids)} operations: {_some(hybrids)}")
    unpacked = [_place(tree, graph, operator) for operator, _kind in operators if _unpacks_int8(tree, graph, operator)]
    if unpacked:
        yield Fault("stored as int8", f"{len(unpacked)} weights are int8 in the file only and computed in float")
    foreign = [_place(tree, graph, operator) for operator, _kind in operators if _is_emulated(tree, operator)]
    if foreign:
        yield Fault("custom operation", f"a plain runtime has no {_some(foreign)}")
    ranks = sorted({len(shape_of(tensor)) for tensor in graph.tensors} - set(range(MAX_RANK + 1)))
    if ranks:
        yield Fault("rank", f"tensors have up to {ranks[-1]} axes; GPU delegates take {MAX_RANK}")


def _delegation_faults(name: str, coverage: Coverage) -> Iterator[Fault]:
    if coverage.undelegated:
        left = Counter(coverage.undelegated)
        listed = _some(f"{count} {operation}" for operation, count in left.most_common())
        done = f"{coverage.delegated_nodes} of {coverage.total_nodes}"
        yield Fault("not delegated", f"{name}: XNNPACK runs {done} operations; left: {listed}")
    if coverage.partitions > 1:
        yield Fault("pieces", f"{name}: XNNPACK runs it in {coverage.partitions} pieces; each border costs a hand-over")


def _unpacks_int8(tree: Any, graph: Any, operator: Any) -> bool:
    if operator_name(tree, operator) != "DEQUANTIZE":
        return False
    (source,) = _ids(operator.inputs)
    return _is_constant(tree, graph, source) and dtype_name(graph.tensors[source]) in _INT8


def _is_emulated(tree: Any, operator: Any) -> bool:
    return operator_name(tree, operator) in _EMULATED


def _is_constant(tree: Any, graph: Any, index: int) -> bool:
    data = tree.buffers[graph.tensors[index].buffer].data
    return data is not None and len(data) > 0


def _place(tree: Any, graph: Any, operator: Any) -> str:
    name = operator_name(tree, operator)
    if name == "CUSTOM":
        return text(tree.operatorCodes[operator.opcodeIndex].customCode) or name
    results = _ids(operator.outputs)
    return f"{name} ({text(graph.tensors[results[0]].name)})" if results else name


def _some(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
    return ", ".join(listed[:_MOST_NAMES]) + more


def _ids(indices: Any) -> list[int]:
    return [] if indices is None else [int(index) for index in indices]
