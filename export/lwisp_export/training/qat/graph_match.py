"""Which tensor of the .tflite each step of the torch student becomes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import fx, nn

from lwisp_export.errors import ConversionError
from lwisp_export.student.blocks import SkipOutput
from lwisp_export.student.network import Student
from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

OUTPUT_CONVOLUTION = "to_rgb"
"""Deployed as a convolution to blocks of pixels, then depth-to-space; with an image skip, the sum of both between."""
_OPERATORS = {
    "MaxPool2d": "MAX_POOL_2D",
    "PixelShuffle": "DEPTH_TO_SPACE",
    "mean": "MEAN",
    "amax": "REDUCE_MAX",
    "sigmoid": "LOGISTIC",
    "add": "ADD",
    "sub": "SUB",
    "mul": "MUL",
    "cat": "CONCATENATION",
    "clamp": "MINIMUM",
}


@dataclass(frozen=True)
class GraphMatch:
    """The student's graph beside the .tflite's; both have the same steps."""

    graph: fx.Graph
    tensors: dict[str, str]
    """Names of tensors in the .tflite by the graph's nodes. A rectified convolution is one node: its ReLU."""
    convolutions: dict[str, tuple[str, ...]]
    """Names of convolutions' output tensors in the .tflite by torch's modules; a block that runs twice has two."""


class _Tracer(fx.Tracer):
    """Takes the output convolution and its image for one step."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, SkipOutput) or super().is_leaf_module(m, module_qualified_name)


def trace(student: Student) -> fx.Graph:
    """The student's forward without a context, as a graph."""
    return _Tracer().trace(student, concrete_args={"context": None})


def kind_of(student: nn.Module, node: fx.Node) -> str:
    """What a node computes: a module's class, or a function's name."""
    if node.op == "call_module":
        return type(student.get_submodule(str(node.target))).__name__
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", node.op)


def match_graph(student: Student, float_model: Graph) -> GraphMatch:
    """Walk student and .tflite from the picture back to the input, step by step.

    float_model: the student's, its output not split. Raises ConversionError where they differ.
    """
    graph = trace(student)
    sources = {operator.output: operator for operator in float_model.operators}
    (output,) = (node for node in graph.nodes if node.op == "output")
    waiting = [(output.args[0], float_model.outputs[0])]
    tensors: dict[str, str] = {}
    convolutions: dict[str, dict[str, None]] = {}
    while waiting:
        node, tensor = waiting.pop()
        if tensors.setdefault(node.name, tensor.name) != tensor.name:
            raise _differs(node, f"{tensors[node.name]} and {tensor.name}")
        if node.op == "placeholder":
            continue
        step = _Step(student, node)
        if step.operator == "getitem":
            # The deployed form joins all planes, those that a student leaves out with weights of zero.
            waiting.append((step.inputs[0], tensor))
            continue
        operator, inputs = step.counterpart(tensor, sources)
        if operator is None or operator.kind != step.operator:
            raise _differs(node, f"{'nothing' if operator is None else operator.kind}, {tensor.name}")
        if step.is_output:
            tensors[node.name] = operator.output.name
        if step.convolution is not None:
            convolutions.setdefault(str(step.convolution.target), {})[operator.output.name] = None
        waiting += [pair for pair in zip(step.inputs, inputs) if pair[0].name not in tensors]
    return GraphMatch(graph, tensors, {module: tuple(names) for module, names in convolutions.items()})


class _Step:
    """A node with the convolution before it, if it's that one's ReLU."""

    def __init__(self, student: Student, node: fx.Node) -> None:
        kind = kind_of(student, node)
        before = node.args[0]
        if kind in ("ReLU", "relu") and isinstance(before, fx.Node):
            node, kind = before, kind_of(student, before)
        is_convolution = kind in ("Conv2d", "SkipOutput")
        self.convolution = node if is_convolution else None
        self.is_output = is_convolution and node.target == OUTPUT_CONVOLUTION
        self.operator = "CONV_2D" if is_convolution else _OPERATORS.get(kind, kind)
        self.inputs = tuple(_nodes(node.args))

    def counterpart(
        self, tensor: Tensor, sources: Mapping[Tensor, Operator]
    ) -> tuple[Operator | None, tuple[Tensor, ...]]:
        """What computes the step that gives a tensor, and the tensors that it takes, as the step's inputs."""
        operator = sources.get(tensor)
        if operator is not None and self.is_output:
            # Before its depth-to-space the picture has the values that it has after it.
            operator = sources.get(operator.inputs[0])
        if operator is None or not self.is_output or len(self.inputs) == 1:
            return operator, () if operator is None else operator.inputs
        blocks, image = operator.inputs
        operator = sources.get(blocks)
        return operator, () if operator is None else (operator.inputs[0], image)


def _nodes(arguments: Iterable[object]) -> Iterator[fx.Node]:
    for argument in arguments:
        if isinstance(argument, fx.Node):
            yield argument
        elif isinstance(argument, list | tuple):
            yield from _nodes(argument)


def _differs(node: fx.Node, found: str) -> ConversionError:
    return ConversionError(
        f"The student's {node.name} has no counterpart in the .tflite, which has {found} there. "
        "The student's form has changed; adapt lwisp_export/training/qat/graph_match.py."
    )
