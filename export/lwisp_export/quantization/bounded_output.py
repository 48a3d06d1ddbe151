"""A picture that the float model clips to [0, 1]: in int8 the range of its values does that by itself."""

from lwisp_mobile.tflite.graph import Graph


def is_bounded(float_model: Graph) -> bool:
    """Whether the picture is clipped from above, as students with an image skip have it."""
    producer = float_model.producer(float_model.outputs[0])
    return producer is not None and producer.kind == "MINIMUM"


def drop_bound(float_model: Graph) -> Graph:
    """Return the model without that MINIMUM, which the quantizer doesn't know: its picture may exceed 1."""
    graph = float_model.copy()
    bound = graph.operators[-1]
    (producer,) = (operator for operator in graph.operators if operator.output == bound.inputs[0])
    producer.set_outputs(bound.outputs)
    graph.remove(bound)
    graph.drop_unused()
    return graph
