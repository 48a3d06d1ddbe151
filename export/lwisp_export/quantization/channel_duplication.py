"""Give chosen features twice the int8 values: each channel twice, half a step apart; the next filter takes the mean.

With q the rounding to a step s, (q(x + s/4) + q(x - s/4)) / 2 lies on a grid of s/2. In float the model computes what
it did, but for values within s/4 of a ReLU's corner, where it's off by less than s/8. The convolutions that write the
features and those that read them have twice the multiply-adds.
"""

from collections.abc import Mapping

import numpy as np

from lwisp_export.errors import QuantizationError
from lwisp_mobile.tflite.graph import Activation, Graph, Operator, Tensor

TWICE = "/twice"
"""Ends the name of a tensor that has another one's channels twice."""


def duplicate_channels(float_model: Graph, steps: Mapping[str, float]) -> Graph:
    """Return the model with the channels of some features duplicated.

    float_model: a student's. steps: the int8 steps of the features, by the names of the tensors that rectified
    convolutions write. Raises QuantizationError for a tensor with another producer, and for one that anything but
    convolutions reads, directly, through a depth-to-space, or through a product with another feature.
    """
    graph = float_model.copy()
    duplicated: set[Tensor] = set()
    for operator in graph.operators:
        if not duplicated.isdisjoint(operator.inputs):
            _read_duplicated(graph, operator, duplicated)
        name = operator.output.name
        if name in steps:
            _duplicate_filters(graph, operator, steps[name])
            duplicated.add(operator.output)
    graph.share_buffers()
    return graph


def _read_duplicated(graph: Graph, operator: Operator, duplicated: set[Tensor]) -> None:
    """Have an operator read duplicated features: a convolution takes their mean, others go on with both."""
    if operator.kind == "CONV_2D" and _owns_weights(graph, operator):
        half = operator.weights.values() / 2
        graph.set_constant([operator.weights], np.concatenate([half, half], axis=-1))
        return
    if operator.kind not in ("DEPTH_TO_SPACE", "MUL"):
        raise _refused(next(tensor for tensor in operator.inputs if tensor in duplicated), operator.kind)
    if operator.kind == "MUL":
        operator.set_inputs([_duplicated(graph, operator, factor, duplicated) for factor in operator.inputs])
    _double_shape(operator.output)
    duplicated.add(operator.output)


def _duplicate_filters(graph: Graph, producer: Operator, step: float) -> None:
    """The filters twice, their biases a quarter of a step up and down; phase by phase where a shuffle follows."""
    result = producer.output
    if producer.kind != "CONV_2D" or producer.activation != Activation.RELU or not _owns_weights(graph, producer):
        raise _refused(result, producer.kind)
    weights, biases = producer.weights.values(), producer.bias.values()
    phases = _phases(graph, result)
    graph.set_constant([producer.weights], _by_phase(np.stack([weights, weights]), phases))
    graph.set_constant([producer.bias], _by_phase(np.stack([biases + step / 4, biases - step / 4]), phases))
    _double_shape(result)


def _phases(graph: Graph, tensor: Tensor) -> int:
    """Blocks of channels that the depth-to-space which reads a tensor takes apart; 1 without one."""
    sizes = [reader.block_size for reader in graph.readers(tensor) if reader.kind == "DEPTH_TO_SPACE"]
    return sizes[0] ** 2 if sizes else 1


def _by_phase(both: np.ndarray, phases: int) -> np.ndarray:
    """(2, phases * filters, ...) to (phases * 2 * filters, ...), phase by phase."""
    split = both.reshape(2, phases, -1, *both.shape[2:])
    return np.moveaxis(split, 0, 1).reshape(-1, *both.shape[2:])


def _duplicated(graph: Graph, product: Operator, factor: Tensor, duplicated: set[Tensor]) -> Tensor:
    """A product's factor with its channels twice: as it is, or by joining it with itself."""
    if factor in duplicated:
        return factor
    twice = graph.add_tensor(f"{factor.name}{TWICE}", factor.shape)
    _double_shape(twice)
    options = {"axis": len(factor.shape) - 1, "fusedActivationFunction": Activation.NONE}
    graph.insert_before(product, graph.make_operator("CONCATENATION", [factor, factor], [twice], options))
    return twice


def _owns_weights(graph: Graph, convolution: Operator) -> bool:
    buffers = [tensor.buffer for operator in graph.operators for tensor in operator.inputs]
    return buffers.count(convolution.weights.buffer) == 1


def _double_shape(tensor: Tensor) -> None:
    *sides, channels = tensor.shape
    tensor.set_shape([*sides, 2 * channels])


def _refused(tensor: Tensor, kind: str) -> QuantizationError:
    return QuantizationError(
        f"The channels of {tensor.name} can't be duplicated because of a {kind}: a rectified CONV_2D must write it and "
        "CONV_2D must read it, both with weights of their own. Leave it out of the recipe's duplicated_channels."
    )
