"""A model of one signature and one size, for runtimes that can't resize inputs or compile every graph of a file."""

from lwisp_export.conversion.signatures import WHOLE
from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.graph import Graph, Signature, Tensor


def fix_size(model: Graph, packed_px: int) -> Graph:
    """The signature from packed planes to picture alone, its input packed_px wide and high.

    model: with the signatures of `add_signatures`, or that one. The contract inside is left out: most of its
    signatures aren't there any more. Raises ConversionError if a tensor's size doesn't follow the input's.
    """
    copy = model.copy()
    signature = _whole(copy)
    graph = copy.subgraphs[signature.subgraph]
    graph.isolate()
    graph.add_signature(WHOLE, signature.inputs, signature.outputs)
    stored_px = graph.inputs[0].shape[1]
    for tensor in _fed_tensors(graph):
        _resize(tensor, packed_px, stored_px)
    graph.drop_unused()
    graph.share_buffers()
    return graph


def _whole(model: Graph) -> Signature:
    for signature in model.signatures:
        if signature.name == WHOLE:
            return signature
    raise ConversionError(f"The model has no signature {WHOLE}; export it again.")


def _fed_tensors(graph: Graph) -> list[Tensor]:
    """Tensors that depend on the input: no weights, nor what only they are turned into."""
    fed = {*graph.inputs}
    for operator in graph.operators:
        if fed.intersection(operator.inputs):
            fed.update(operator.outputs)
    return sorted(fed)


def _resize(tensor: Tensor, packed_px: int, stored_px: int) -> None:
    # Means and maxima over the picture are one pixel at any size.
    if len(tensor.shape) != 4 or tensor.shape[1:3] == (1, 1):
        return
    batch, height, width, channels = tensor.shape
    if height * packed_px % stored_px or width * packed_px % stored_px:
        raise ConversionError(
            f"{tensor.name} is {width}x{height} px at an input of {stored_px} px, which gives no whole number at "
            f"{packed_px} px. Give a multiple of the contract's size_multiple."
        )
    tensor.set_shape((batch, height * packed_px // stored_px, width * packed_px // stored_px, channels))
