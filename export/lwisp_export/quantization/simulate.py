"""Int8 on trial: a float model with the rounding of chosen tensors put in, so that each one's cost can be seen."""

from collections.abc import Collection, Mapping

from lwisp_export.quantization.preparation import Prepared
from lwisp_export.quantization.ranges import Range
from lwisp_mobile.tflite.graph import Graph, Tensor

_VERSION = 2
"""Of the operator FAKE_QUANT: the one that knows narrow ranges."""


def simulate(prepared: Prepared, *, activations: Collection[str] = (), weights: Collection[str] = ()) -> Graph:
    """Return a float model in which some tensors are rounded as int8 rounds them.

    activations: names of tensors. weights: names of convolutions' output tensors; those take their rounded weights and
    corrected biases. With all of both, the picture is within a few hundredths of a dB of the int8 model's.
    """
    graph = prepared.exact.copy()
    _take_weights(graph, prepared.model, weights)
    _insert_rounding(graph, {name: prepared.ranges[name] for name in activations})
    graph.share_buffers()
    return graph


def _take_weights(graph: Graph, rounded: Graph, names: Collection[str]) -> None:
    """Copy weights and biases from the rounded model, which has the same operators and tensors."""
    for operator in graph.operators:
        if operator.kind == "CONV_2D" and operator.output.name in names:
            for tensor in (operator.weights, operator.bias):
                graph.set_constant([tensor], rounded.tensor(tensor.index).values())


def _insert_rounding(graph: Graph, ranges: Mapping[str, Range]) -> None:
    """Put a FAKE_QUANT behind each tensor of these names, and have its readers read that."""
    results = [tensor for operator in graph.operators for tensor in operator.outputs]
    for tensor in (*graph.inputs, *results):
        if tensor.name in ranges:
            _round_tensor(graph, tensor, ranges[tensor.name])


def _round_tensor(graph: Graph, tensor: Tensor, found: Range) -> None:
    rounded = graph.add_tensor(f"{tensor.name}/int8", tensor.shape)
    graph.replace_tensor(tensor, rounded)
    options = {"min": found.low, "max": found.high, "numBits": 8, "narrowRange": False}
    rounding = graph.make_operator("FAKE_QUANT", [tensor], [rounded], options, _VERSION)
    producer = graph.producer(tensor)
    if producer is None:
        graph.insert_before(graph.operators[0], rounding)
    else:
        graph.insert_after(producer, rounding)
