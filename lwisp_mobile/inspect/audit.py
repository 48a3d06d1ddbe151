"""What a .tflite really computes, and what in it is not what an int8 file for phones should be.

A file may store int8 weights and still compute in float, leave layers in float between int8 ones, or need operations
that no delegate takes. This reads the graph and asks the runtime; it works on anybody's model.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.xnnpack_coverage import delegate_coverage, signature_coverage
from lwisp_mobile.inspect.model_facts import operator_macs
from lwisp_mobile.inspect.portability import Form, describe_operator, find_refusals
from lwisp_mobile.tflite.graph import Graph, Operator
from lwisp_mobile.tflite.reader import reading

Arithmetic = Literal["int8", "int16", "hybrid", "float", "other"]
"""Of one operation. hybrid: int8 weights against float activations, which the runtime quantises at every run."""

_INT8 = {"int8", "uint8", "int4"}
_FLOAT = {"float32", "float16"}
_CONVERTING = ("QUANTIZE", "DEQUANTIZE")
_UNLOADABLE = {"custom operation", "fp16 activations"}
"""Forms that the runtime here may refuse: it isn't asked what it delegates."""
_MOST_NAMES = 5


@dataclass(frozen=True)
class Fault:
    """One thing that isn't what it seems, or that a delegate won't take."""

    kind: Literal["float island", "hybrid", "stored as int8", "not delegated", "partitions"] | Form
    message: str
    refused_by: str = ""
    """Backends that don't take it; empty: they take it, and it costs time."""
    way_out: str = ""


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
    graph = Graph.parse(model)
    with reading():
        work = _work(graph)
        found = [fault for subgraph in graph.subgraphs for fault in _graph_faults(subgraph)]
    if not _UNLOADABLE.intersection(fault.kind for fault in found):
        coverage = signature_coverage(model) or {"the model": delegate_coverage(model)}
        found += [fault for name, covered in coverage.items() for fault in _delegation_faults(name, covered)]
    # Signatures of one model share operations.
    return StrictReport(work, tuple(dict.fromkeys(found)))


def arithmetic_of(operator: Operator) -> Arithmetic:
    """What an operation computes in, from the types of its activations and weights."""
    if operator.kind in _CONVERTING:
        return "other"
    weights = {tensor.dtype for tensor in operator.inputs if tensor.is_constant}
    activations = {tensor.dtype for tensor in operator.inputs if not tensor.is_constant}
    activations |= {tensor.dtype for tensor in operator.outputs}
    if activations & _FLOAT:
        return "hybrid" if weights & _INT8 else "float"
    if "int16" in activations:
        return "int16"
    return "int8" if activations & _INT8 else "other"


def _work(graph: Graph) -> tuple[Work, ...]:
    operations, macs = Counter[Arithmetic](), Counter[Arithmetic]()
    for operator in graph.operators:
        kind = arithmetic_of(operator)
        operations[kind] += 1
        macs[kind] += operator_macs(operator)
    total = max(macs.total(), 1)
    found = (Work(kind, count, macs[kind], macs[kind] / total) for kind, count in operations.items())
    return tuple(sorted(found, key=lambda work: (-work.macs, -work.operations)))


def _graph_faults(graph: Graph) -> Iterator[Fault]:
    operators = [(operator, arithmetic_of(operator)) for operator in graph.operators]
    quantised = any(kind in ("int8", "int16") for _operator, kind in operators)
    islands = [describe_operator(operator) for operator, kind in operators if kind == "float"]
    if quantised and islands:
        yield Fault("float island", f"{len(islands)} of {len(operators)} operations are float: {_some(islands)}")
    hybrids = [describe_operator(operator) for operator, kind in operators if kind == "hybrid"]
    if hybrids:
        yield Fault("hybrid", f"int8 weights with float activations in {len(hybrids)} operations: {_some(hybrids)}")
    unpacked = sum(_unpacks_int8(operator) for operator, _kind in operators)
    if unpacked:
        yield Fault("stored as int8", f"{unpacked} weights are int8 in the file only and computed in float")
    for refusal in find_refusals(graph):
        message = f"{refusal.problem}: {_some(refusal.operators)}"
        yield Fault(refusal.form, message, refusal.refused_by, refusal.way_out)


def _delegation_faults(name: str, coverage: Coverage) -> Iterator[Fault]:
    if coverage.undelegated:
        undelegated = Counter(coverage.undelegated)
        listed = _some(f"{count} {operation}" for operation, count in undelegated.most_common())
        done = f"{coverage.delegated_nodes} of {coverage.total_nodes}"
        yield Fault("not delegated", f"{name}: XNNPACK runs {done} operations; remaining: {listed}")
    if coverage.partitions > 1:
        yield Fault(
            "partitions", f"{name}: XNNPACK runs it in {coverage.partitions} partitions; each border costs a copy"
        )


def _unpacks_int8(operator: Operator) -> bool:
    return operator.kind == "DEQUANTIZE" and operator.inputs[0].is_constant and operator.inputs[0].dtype in _INT8


def _some(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
    return ", ".join(listed[:_MOST_NAMES]) + more
