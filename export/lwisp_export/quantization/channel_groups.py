"""Which convolutions share weights, and where the channels go that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_mobile.tflite.graph import Activation, Graph, Operator, Tensor


@dataclass(frozen=True)
class Reader:
    """A convolution that reads a group's channels."""

    convolution: Operator
    first_channel: int
    """The first of its input channels that comes from the group."""


@dataclass(frozen=True)
class ChannelGroup:
    """Where the channels go that the convolutions with one set of weights make, up to the next convolutions."""

    producers: tuple[Operator, ...]
    tensors: frozenset[Tensor]
    """Every tensor that a factor on the channels reaches as a whole."""
    ends: frozenset[Tensor]
    """Those of the tensors that a convolution or a CONCATENATION reads; they have the same number of channels."""
    partners: frozenset[Tensor]
    """Tensors that stand beside the group's in a CONCATENATION."""
    readers: tuple[Reader, ...]


def convolutions_by_weights(graph: Graph) -> list[list[Operator]]:
    """The graph's convolutions, those that share their weights together, in graph order."""
    found: dict[int, list[Operator]] = {}
    for operator in graph.operators:
        if operator.kind == "CONV_2D":
            found.setdefault(operator.weights.buffer, []).append(operator)
    return list(found.values())


def channel_groups(graph: Graph) -> list[ChannelGroup]:
    """The groups whose channels may be scaled: only sums, products, depth-to-space and joins on the way."""
    groups = (_follow(graph, producers) for producers in convolutions_by_weights(graph))
    return [group for group in groups if group is not None and _may_scale(graph, group)]


def _follow(graph: Graph, producers: Sequence[Operator]) -> ChannelGroup | None:
    """Walk from the producers to the next convolutions; None where something on the way doesn't pass a factor on."""
    tensors = {producer.output for producer in producers}
    ends: set[Tensor] = set()
    partners: set[Tensor] = set()
    readers: dict[Reader, None] = {}
    waiting = [(tensor, 0) for tensor in sorted(tensors)]
    while waiting:
        tensor, channel = waiting.pop()
        for operator in graph.readers(tensor):
            if operator.kind == "CONV_2D" and operator.inputs[0] == tensor:
                readers[Reader(operator, channel)] = None
                ends |= {tensor} & tensors
            elif operator.kind == "CONCATENATION" and tensor in tensors:
                ends.add(tensor)
                partners |= {*operator.inputs} - {tensor}
                waiting.append((operator.output, _channels_before(operator, tensor)))
            elif operator.kind in ("ADD", "MUL", "DEPTH_TO_SPACE") and tensor in tensors:
                waiting += [(operator.output, 0)] * (operator.output not in tensors)
                tensors.add(operator.output)
            else:
                return None
    return ChannelGroup(tuple(producers), frozenset(tensors), frozenset(ends), frozenset(partners), tuple(readers))


def _channels_before(join: Operator, tensor: Tensor) -> int:
    return sum(other.shape[-1] for other in join.inputs[: join.inputs.index(tensor)])


def _may_scale(graph: Graph, group: ChannelGroup) -> bool:
    relu_or_none = all(producer.activation in tuple(Activation) for producer in group.producers)
    inner = [operator for operator in graph.operators if operator.output in group.tensors]
    return (
        relu_or_none
        and group.tensors.isdisjoint(graph.outputs)
        and all(_scales(operator, graph, group) for operator in inner)
        and _has_own_readers(graph, group)
    )


def _scales(operator: Operator, graph: Graph, group: ChannelGroup) -> bool:
    """Whether a factor on the group's tensors is the same factor on the operator's result."""
    if operator.kind == "MUL":
        return len(group.tensors.intersection(operator.inputs)) == 1
    if operator.kind == "ADD":
        return all(tensor in group.tensors or _is_zero(tensor, graph) for tensor in operator.inputs)
    return True


def _is_zero(tensor: Tensor, graph: Graph) -> bool:
    """Whether a tensor is x - x, by which the student spreads a vector over a map."""
    producer = graph.producer(tensor)
    return producer is not None and producer.kind == "SUB" and len({*producer.inputs}) == 1


def _has_own_readers(graph: Graph, group: ChannelGroup) -> bool:
    """Whether no reader's weights also read other channels in the same place (a block used twice)."""
    blocks = {convolutions[0].weights.buffer: {*convolutions} for convolutions in convolutions_by_weights(graph)}
    for reader in group.readers:
        sharing = blocks[reader.convolution.weights.buffer]
        alike = {other.convolution for other in group.readers if other.first_channel == reader.first_channel}
        places = {other.first_channel for other in group.readers if other.convolution in sharing}
        if not sharing <= alike or len(places) != 1:
            return False
    return bool(group.readers)
