"""Forms of a graph that some backend refuses though others run them: each with who refuses it, and the way out.

Every rule was seen at the backend that it names; `lwisp verify --backends` asks them again.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

MAX_RANK = 4
"""LiteRT's GPU backends take no more axes."""

_DISTINCT = ("SUB", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE")
"""Operators that the GPU wants two tensors for; ADD, MUL and CONCATENATION it takes with one twice."""
_UNKNOWN = ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES")
"""Operators that a plain runtime doesn't have: TensorFlow's own (Flex) and vendors'."""

Form = Literal["identical inputs", "rank", "shuffle", "fp16 activations", "custom operation"]


@dataclass(frozen=True)
class Refusal:
    """Operators of one form that a backend refuses."""

    form: Form
    operators: tuple[str, ...]
    """KIND (name of its output)."""
    problem: str
    refused_by: str
    way_out: str


@dataclass(frozen=True)
class _Rule:
    form: Form
    find: Callable[[Graph], Collection[Operator]]
    problem: str
    refused_by: str
    way_out: str


def find_refusals(graph: Graph) -> Iterator[Refusal]:
    """The refusals of one subgraph."""
    for rule in _RULES:
        found = rule.find(graph)
        if found:
            names = tuple(describe_operator(operator) for operator in found)
            yield Refusal(rule.form, names, rule.problem, rule.refused_by, rule.way_out)


def describe_operator(operator: Operator) -> str:
    """An operator's kind, and the tensor that it writes."""
    if operator.kind == "CUSTOM":
        return operator.custom_kind or operator.kind
    return f"{operator.kind} ({operator.output.name})" if operator.outputs else operator.kind


def _identical_inputs(graph: Graph) -> list[Operator]:
    return [o for o in graph.operators if o.kind in _DISTINCT and len({*o.inputs}) < len(o.inputs)]


def _many_axes(graph: Graph) -> list[Operator]:
    shuffled = {*_shuffles(graph)} | {graph.producer(o.inputs[0]) for o in _shuffles(graph)}
    shuffled |= {reader for o in _shuffles(graph) for reader in graph.readers(o.output)}
    return [o for o in graph.operators if _rank(o) > MAX_RANK and o not in shuffled]


def _shuffles(graph: Graph) -> list[Operator]:
    """The TRANSPOSE of 6 axes by which converters write a depth-to-space whose channels are in CRD order."""
    return [o for o in graph.operators if o.kind == "TRANSPOSE" and _rank(o) == 6 and _between_reshapes(graph, o)]


def _between_reshapes(graph: Graph, transpose: Operator) -> bool:
    before, after = graph.producer(transpose.inputs[0]), graph.readers(transpose.output)
    around = [before, *after]
    return bool(after) and all(operator is not None and operator.kind == "RESHAPE" for operator in around)


def _half_activations(graph: Graph) -> list[Operator]:
    return [o for o in graph.operators if any(t.dtype == "float16" and not t.is_constant for t in _tensors(o))]


def _unknown(graph: Graph) -> list[Operator]:
    return [operator for operator in graph.operators if operator.kind in _UNKNOWN]


def _rank(operator: Operator) -> int:
    return max((len(tensor.shape) for tensor in _tensors(operator)), default=0)


def _tensors(operator: Operator) -> tuple[Tensor, ...]:
    return (*operator.inputs, *operator.outputs)


_RULES = (
    _Rule(
        "identical inputs",
        _identical_inputs,
        "one tensor read twice",
        "LiteRT GPU (No support of few identical inputs in the same operation)",
        "write what it amounts to: x - x is x * 0 with a constant, max(x, x) is x",
    ),
    _Rule(
        "rank",
        _many_axes,
        f"tensors of more than {MAX_RANK} axes",
        "LiteRT GPU (Tensor dimensions must be less than 5), and from 6 axes on Qualcomm HTP",
        f"keep to {MAX_RANK} axes: split the operator, or fold axes that stay together",
    ),
    _Rule(
        "shuffle",
        _shuffles,
        "a pixel shuffle written as RESHAPE, TRANSPOSE of 6 axes and RESHAPE",
        "LiteRT GPU and Qualcomm HTP",
        "reorder the filters before it from CRD to DCR and use one DEPTH_TO_SPACE, as `lwisp export` does",
    ),
    _Rule(
        "fp16 activations",
        _half_activations,
        "activations stored as float16",
        "tflite-runtime and LiteRT's built-in kernels",
        "store only the weights as float16, behind DEQUANTIZE: each backend then chooses its own arithmetic",
    ),
    _Rule(
        "custom operation",
        _unknown,
        "operators that a plain runtime doesn't have",
        "every backend here",
        "export with built-in operators only, or link the library that has it and stay on the CPU",
    ),
)
