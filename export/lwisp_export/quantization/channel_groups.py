"""Which convolutions share weights, and where the channels go that they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lwisp_export.conversion.writer import ids
from lwisp_mobile.tflite.reader import operator_name, shape_of


@dataclass(frozen=True)
class Node:
    """An operator of the graph."""

    name: str
    inputs: tuple[int, ...]
    result: int
    weights: int | None
    """Buffer of a convolution's weights; None for other operators."""


@dataclass(frozen=True)
class Reader:
    """A convolution that reads a route's channels."""

    node: Node
    column: int
    """The first of its input channels that comes from the route."""


@dataclass(frozen=True)
class Route:
    """Where the channels go that the convolutions with one set of weights make, up to the next convolutions."""

    makers: tuple[Node, ...]
    tensors: frozenset[int]
    """Every tensor that a factor on the channels reaches as a whole."""
    ends: frozenset[int]
    """Those of the tensors that a convolution or a CONCATENATION reads; they have the same number of channels."""
    partners: frozenset[int]
    """Tensors that stand beside the route's in a CONCATENATION."""
    readers: tuple[Reader, ...]


def nodes_of(tree: Any) -> tuple[Node, ...]:
    """The operators of the first subgraph in order. tree: ModelT."""
    graph = tree.subgraphs[0]
    nodes = []
    for operator in graph.operators:
        name, inputs = operator_name(tree, operator), tuple(ids(operator.inputs))
        weights = graph.tensors[inputs[1]].buffer if name == "CONV_2D" else None
        nodes.append(Node(name, inputs, int(operator.outputs[0]), weights))
    return tuple(nodes)


def routes_of(tree: Any) -> list[Route]:
    """The routes whose channels may be scaled: only sums, products, depth-to-space and joins on the way."""
    nodes = nodes_of(tree)
    blocks: dict[int, list[Node]] = {}
    for node in nodes:
        if node.weights is not None:
            blocks.setdefault(node.weights, []).append(node)
    routes = (_follow(tree, nodes, makers) for makers in blocks.values())
    return [route for route in routes if route is not None and _may_scale(tree, nodes, route)]


def _follow(tree: Any, nodes: Sequence[Node], makers: Sequence[Node]) -> Route | None:
    """Walk from the makers to the next convolutions; None where something on the way doesn't pass a factor on."""
    tensors = {node.result for node in makers}
    ends: set[int] = set()
    partners: set[int] = set()
    readers: dict[Reader, None] = {}
    waiting = [(tensor, 0) for tensor in sorted(tensors)]
    while waiting:
        tensor, column = waiting.pop()
        for node in (node for node in nodes if tensor in node.inputs):
            if node.name == "CONV_2D" and node.inputs[0] == tensor:
                readers[Reader(node, column)] = None
                ends |= {tensor} & tensors
            elif node.name == "CONCATENATION" and tensor in tensors:
                ends.add(tensor)
                partners |= {*node.inputs} - {tensor}
                waiting.append((node.result, _channels_before(tree, node, tensor)))
            elif node.name in ("ADD", "MUL", "DEPTH_TO_SPACE") and tensor in tensors:
                waiting += [(node.result, 0)] * (node.result not in tensors)
                tensors.add(node.result)
            else:
                return None
    return Route(tuple(makers), frozenset(tensors), frozenset(ends), frozenset(partners), tuple(readers))


def _channels_before(tree: Any, node: Node, tensor: int) -> int:
    before = node.inputs[: node.inputs.index(tensor)]
    return sum(shape_of(tree.subgraphs[0].tensors[i])[-1] for i in before)


def _may_scale(tree: Any, nodes: Sequence[Node], route: Route) -> bool:
    graph = tree.subgraphs[0]
    relu_or_none = all(
        operator.builtinOptions.fusedActivationFunction in (0, 1)
        for operator in graph.operators
        if int(operator.outputs[0]) in {node.result for node in route.makers}
    )
    inner = [node for node in nodes if node.result in route.tensors]
    outside = route.tensors.isdisjoint(ids(graph.outputs))
    return (
        relu_or_none and outside and all(_scales(node, nodes, route) for node in inner) and _own_readers(nodes, route)
    )


def _scales(node: Node, nodes: Sequence[Node], route: Route) -> bool:
    """Whether a factor on the route's tensors is the same factor on the node's result."""
    if node.name == "MUL":
        return len(route.tensors.intersection(node.inputs)) == 1
    if node.name == "ADD":
        return all(tensor in route.tensors or _is_zero(tensor, nodes) for tensor in node.inputs)
    return True


def _is_zero(tensor: int, nodes: Sequence[Node]) -> bool:
    """Whether a tensor is x - x, by which the student spreads a vector over a map."""
    return any(node.result == tensor and node.name == "SUB" and len({*node.inputs}) == 1 for node in nodes)


def _own_readers(nodes: Sequence[Node], route: Route) -> bool:
    """Whether no reader's weights also read other channels in the same place (a block used twice)."""
    for reader in route.readers:
        sharing = {node for node in nodes if node.weights == reader.node.weights}
        alike = {other.node for other in route.readers if other.column == reader.column}
        columns = {other.column for other in route.readers if other.node in sharing}
        if not sharing <= alike or len(columns) != 1:
            return False
    return bool(route.readers)
