"""A .tflite of one large 3x3 convolution: the rate a machine reaches where nothing but multiplying is asked for."""

import numpy as np

from lwisp_mobile.tflite.graph import Activation, Graph, Padding

CHANNELS = 128


def one_conv_model(side_px: int, channels: int = CHANNELS) -> bytes:
    """A float32 model: (1, side, side, channels) to the same shape, 3x3, SAME padding, ReLU; signature 'x' to 'y'."""
    graph = Graph.empty()
    shape = (1, side_px, side_px, channels)
    x, y = graph.add_tensor("x", shape), graph.add_tensor("y", shape)
    filters = (channels, 3, 3, channels)
    weights = graph.add_tensor("weights", filters, np.full(filters, 1 / (9 * channels)))
    bias = graph.add_tensor("bias", [channels], np.zeros(channels))
    options = {
        "padding": Padding.SAME,
        "strideW": 1,
        "strideH": 1,
        "dilationWFactor": 1,
        "dilationHFactor": 1,
        "fusedActivationFunction": Activation.RELU,
    }
    graph.append(graph.make_operator("CONV_2D", [x, weights, bias], [y], options))
    graph.set_interface([x], [y])
    graph.add_signature("serving_default", {"x": x}, {"y": y})
    return graph.pack()


def one_conv_macs(side_px: int, channels: int = CHANNELS) -> int:
    """Multiply-accumulates of one run."""
    return side_px * side_px * 9 * channels * channels
