"""Give the logits of the picture twice the int8 values: one sigmoid for the positive ones, one for the negative.

sigmoid(x) = 1/2 + sigmoid(relu(x)) - sigmoid(relu(-x)), exactly. The last convolution gets twice its filters, and a 1x1
convolution takes the difference, whose weights, 1 and -1, are exact in int8: 3 % more multiply-adds. It moved the first
student's int8 from 48.7 to 49.7 dB against float, and its colours from a mean dE2000 of 0.55 to 0.42.

Sigmoids and differences are taken while 2x2 pixels still are one: a kernel fills as many lanes for 3 results as for 12.
"""

import numpy as np

from lwisp_export.errors import QuantizationError
from lwisp_mobile.tflite.graph import Activation, Graph, Operator, Padding

_TAIL = ["CONV_2D", "DEPTH_TO_SPACE", "LOGISTIC"]
_PLAIN_CONVOLUTION = {
    "padding": Padding.VALID,
    "strideH": 1,
    "strideW": 1,
    "dilationHFactor": 1,
    "dilationWFactor": 1,
    "fusedActivationFunction": Activation.NONE,
}


def split_output(float_model: Graph) -> Graph:
    """Return the model with a split output: the same picture but for float rounding.

    float_model: a student's, which ends in convolution, depth-to-space, sigmoid. Raises QuantizationError on another
    end.
    """
    graph = float_model.copy()
    tail = graph.operators[-3:]
    found = [operator.kind for operator in tail]
    if found != _TAIL or tail[-1].outputs != graph.outputs:
        raise QuantizationError(
            f"The model ends in {', '.join(found)}, but only {', '.join(_TAIL)} can be split. "
            "Set split_output = false in the quantisation recipe."
        )
    convolution, shuffle, sigmoid = tail
    _mirror_filters(graph, convolution, shuffle.block_size**2)
    _join_halves(graph, convolution, shuffle, sigmoid)
    graph.drop_unused()
    graph.share_buffers()
    return graph


def _mirror_filters(graph: Graph, convolution: Operator, blocks: int) -> None:
    """After each block's filters their negatives, all with a ReLU."""
    for tensor in (convolution.weights, convolution.bias):
        values = tensor.values()
        rows = values.reshape(blocks, -1, *values.shape[1:])
        graph.set_constant([tensor], np.concatenate([rows, -rows], axis=1).reshape(-1, *values.shape[1:]))
    convolution.activation = Activation.RELU


def _join_halves(graph: Graph, convolution: Operator, shuffle: Operator, sigmoid: Operator) -> None:
    """Sigmoids of both halves, their difference by a 1x1 convolution, and the shuffle last."""
    logits, picture, blocks = convolution.output, sigmoid.output, shuffle.block_size**2
    *sides, channels = logits.shape
    logits.set_shape([*sides, 2 * channels])
    halves = graph.add_tensor("halves", [*sides, 2 * channels])
    joined = graph.add_tensor("joined", [*sides, channels])
    half = graph.add_tensor("half", [channels], np.full(channels, 0.5))
    weights = _difference_weights(channels, blocks)
    join = graph.add_tensor("join", weights.shape, weights)
    difference = graph.make_operator("CONV_2D", [halves, join, half], [joined], _PLAIN_CONVOLUTION)
    sigmoid.set_inputs([logits])
    sigmoid.set_outputs([halves])
    shuffle.set_inputs([joined])
    shuffle.set_outputs([picture])
    graph.remove(shuffle)
    graph.append(difference)
    graph.append(shuffle)


def _difference_weights(channels: int, blocks: int) -> np.ndarray:
    """Filters of the positive half less the negative, block by block: (channels, 1, 1, 2 * channels)."""
    one = np.eye(channels // blocks)
    difference: np.ndarray = np.kron(np.eye(blocks), np.concatenate([one, -one], axis=1))
    return difference.reshape(channels, 1, 1, 2 * channels)
