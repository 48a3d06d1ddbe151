"""x - x, by which the student spreads a vector over a map, as x * 0: GPUs refuse an operator with identical inputs."""

import numpy as np

from lwisp_mobile.tflite.graph import Graph, Operator, Quantization


def multiply_by_zero(model: Graph) -> Graph:
    """Return the model with each SUB of a tensor and itself a MUL of it and a constant 0.

    model: of any precision, with one subgraph. The results keep every bit: both are 0 (the zero point in int8), and
    NaN where x is NaN or infinite; only the sign of a float 0 may differ, which no sum shows. It follows the
    quantisation, whose ranges and channel groups know the difference.
    """
    graph = model.copy()
    for operator in graph.operators:
        if operator.kind == "SUB" and len({*operator.inputs}) == 1:
            _replace(graph, operator)
    graph.drop_unused()
    return graph


def _replace(graph: Graph, difference: Operator) -> None:
    source = difference.inputs[0]
    zero = graph.add_tensor("zero", (1, 1, 1, 1), np.zeros((1, 1, 1, 1)), source.dtype)
    if source.quantization is not None and difference.output.quantization is not None:
        zero.set_quantization(_unit_ratio(source.quantization, difference.output.quantization))
    options = {"fusedActivationFunction": difference.activation}
    graph.insert_before(difference, graph.make_operator("MUL", [source, zero], difference.outputs, options, version=2))
    graph.remove(difference)


def _unit_ratio(source: Quantization, result: Quantization) -> Quantization:
    """The factor's grid by which the kernel's ratio of scales is 1: kernels refuse extreme ones."""
    return Quantization(result.scales / source.scales, np.zeros(1, np.int64))
