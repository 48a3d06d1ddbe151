"""A model cut to one signature at one size, for programs that can neither choose a signature nor resize inputs."""

from collections.abc import Sequence

from lwisp_bench.worker.loaded_model import tensor_shapes
from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.graph import Graph


def cut_to_one_size(model: bytes, shapes: Sequence[tuple[int, ...]]) -> bytes:
    """The first subgraph alone, with every tensor's shape as it is for inputs of these shapes; its bits don't change.

    shapes: of the subgraph's inputs, in order. Raises ModelError if the engine can't resize it to them.
    """
    graph = Graph.parse(model)
    stored = [tensor.shape for tensor in graph.inputs]
    if len(graph.subgraphs) == 1 and stored == [tuple(shape) for shape in shapes]:
        return model
    try:
        found = tensor_shapes(model, shapes)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"The model can't be resized to {shapes} ({error}). Give shapes that it takes.") from error
    name = next((one.name for one in graph.signatures if one.subgraph == 0), "serving_default")
    graph.isolate()
    for tensor in graph.tensors:
        if not tensor.is_constant:
            tensor.set_shape(found[tensor.index])
            tensor.table.shapeSignature = None
    graph.drop_unused()
    graph.share_buffers()
    inputs, outputs = graph.inputs, graph.outputs
    graph.add_signature(name, {one.name: one for one in inputs}, {one.name: one for one in outputs})
    return graph.pack()
