"""The converter's float .tflite as it ships: channels last throughout, nothing that fixes the picture's size."""

import numpy as np

from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.graph import Activation, Graph, Operator, Padding, Tensor

SIGNATURE = "serving_default"
INPUT_NAME = "packed"
OUTPUT_NAME = "rgb"

_TO_CHANNELS_FIRST = (0, 3, 1, 2)
_TO_CHANNELS_LAST = (0, 2, 3, 1)
_REDUCTIONS = ("MEAN", "REDUCE_MAX")
_ELEMENTWISE = ("RELU", "LEAKY_RELU", "LOGISTIC", "ADD", "SUB", "MUL")
_FUSING = ("CONV_2D", "ADD", "SUB", "MUL")
_ONE_ALL_AROUND = (0, 0, 1, 1, 1, 1, 0, 0)
_NEXT_STEP = (
    "The student's form or the converter's version has changed; adapt lwisp_export/conversion/graph_cleanup.py."
)


def clean_float_model(converted: Graph) -> Graph:
    """Return the model as it ships.

    converted: the converter's float32 model of a student, (1, h, w, planes) to (1, h', w', 3). The result has no
    TRANSPOSE and no RESHAPE, so that it can be resized to any multiple of 16, fused ReLUs, one copy of shared weights,
    one signature "serving_default" (packed to rgb) and no metadata. Raises ConversionError on a graph of another form.
    """
    graph = converted.copy()
    if len(graph.subgraphs) != 1:
        raise ConversionError(f"The converted model has {len(graph.subgraphs)} subgraphs instead of 1. {_NEXT_STEP}")
    _make_channels_last(graph)
    _fuse_relu(graph)
    _fuse_clip(graph)
    _fuse_pad(graph)
    _check_resizable(graph)
    _describe(graph)
    _name_signature(graph)
    graph.drop_unused()
    graph.share_buffers()
    return graph


def _make_channels_last(graph: Graph) -> None:
    """Remove TRANSPOSE and RESHAPE around reductions.

    The converter writes a reduction as TRANSPOSE to channels first, reduction, RESHAPE back. Here every tensor between
    the two becomes channels last (its shape and the reduction's axes permuted), and the two vanish.
    """
    first: set[Tensor] = set()  # tensors that the converter left channels first
    replaced: dict[Tensor, Tensor] = {}
    for operator in graph.operators:
        inputs = operator.inputs
        takes_first = not first.isdisjoint(inputs)
        operator.set_inputs([replaced.get(tensor, tensor) for tensor in inputs])
        if not takes_first and _permutation(operator) == _TO_CHANNELS_FIRST:
            replaced[operator.output] = operator.inputs[0]
            first.add(operator.output)
            graph.remove(operator)
        elif takes_first and _returns_to_channels_last(operator):
            replaced[operator.output] = operator.inputs[0]
            graph.remove(operator)
        elif takes_first:
            _permute(graph, operator, alone=first.issuperset(inputs))
            first.add(operator.output)
    if not {*first, *replaced}.isdisjoint(graph.outputs):
        raise ConversionError(f"The picture leaves the model through a TRANSPOSE or RESHAPE. {_NEXT_STEP}")


def _permutation(operator: Operator) -> tuple[int, ...] | None:
    """The permutation of a TRANSPOSE; None for another operator."""
    return _integers(operator.inputs[1]) if operator.kind == "TRANSPOSE" else None


def _returns_to_channels_last(operator: Operator) -> bool:
    """Whether an operator only moves the channels back to the end: a TRANSPOSE, or a RESHAPE that equals one."""
    shape = operator.inputs[0].shape
    # With one channel or one pixel, moving an axis doesn't change the order of the values.
    moves_nothing = len(shape) == 4 and (shape[3] == 1 or shape[1] * shape[2] == 1)
    is_reshape = operator.kind == "RESHAPE" and moves_nothing and shape == operator.output.shape
    return is_reshape or _permutation(operator) == _TO_CHANNELS_LAST


def _permute(graph: Graph, operator: Operator, *, alone: bool) -> None:
    """Have an operator do to channels-last tensors what it did to channels-first ones. alone: it has no other input."""
    shape = operator.output.shape
    reduces = operator.kind in _REDUCTIONS and operator.keeps_axes
    if len(shape) != 4 or not (reduces or (alone and operator.kind in _ELEMENTWISE)):
        raise ConversionError(f"{operator.kind} takes a channels-first tensor, which can't be undone. {_NEXT_STEP}")
    operator.output.set_shape([shape[axis] for axis in _TO_CHANNELS_LAST])
    if reduces:
        source, old = operator.inputs
        axes = np.array(sorted(_TO_CHANNELS_FIRST[axis] for axis in _integers(old)), np.int32)
        # A new tensor, because other operators may read the old one.
        operator.set_inputs([source, graph.add_tensor(f"axes_{len(graph.tensors)}", axes.shape, axes, old.dtype)])


def _integers(tensor: Tensor) -> tuple[int, ...]:
    """The values of a constant int32 tensor."""
    if not tensor.is_constant:
        raise ConversionError(f"Axes are computed by the model instead of being constant. {_NEXT_STEP}")
    return tuple(int(value) for value in tensor.values().ravel())


def _fuse_relu(graph: Graph) -> None:
    """Fold each RELU into the operator before it where nothing else reads what is between."""
    for operator in graph.operators:
        if operator.kind != "RELU":
            continue
        source = operator.inputs[0]
        before = graph.producer(source)
        alone = len(graph.readers(source)) == 1 and source not in graph.outputs
        if before is not None and alone and _takes_activation(before):
            before.activation = Activation.RELU
            before.set_outputs(operator.outputs)
            graph.remove(operator)


def _fuse_clip(graph: Graph) -> None:
    """Write the clip of a picture to [0, 1], which XNNPACK doesn't know, as a fused RELU and a MINIMUM.

    The RELU goes to the sum before the depth-to-space, which only moves values.
    """
    for clip in (operator for operator in graph.operators if operator.kind == "RELU_0_TO_1"):
        shuffle = graph.producer(clip.inputs[0])
        before = graph.producer(shuffle.inputs[0]) if shuffle is not None and shuffle.kind == "DEPTH_TO_SPACE" else None
        if before is None or not _takes_activation(before):
            raise ConversionError(f"A RELU_0_TO_1 follows no sum and DEPTH_TO_SPACE. {_NEXT_STEP}")
        before.activation = Activation.RELU
        one = graph.add_tensor("one", [1], np.ones(1, np.float32))
        graph.insert_before(clip, graph.make_operator("MINIMUM", [clip.inputs[0], one], clip.outputs, {}))
        graph.remove(clip)


def _takes_activation(operator: Operator) -> bool:
    """Whether an operator can apply an activation itself and doesn't yet."""
    return operator.kind in _FUSING and operator.activation == Activation.NONE


def _fuse_pad(graph: Graph) -> None:
    """Let the 4x4 convolution of stride 2 pad by itself.

    On even sides, and sides here are multiples of 16, SAME padding of that shape is one pixel all around: the PAD
    that the converter writes, which would copy the largest tensor of the network.
    """
    for operator in graph.operators:
        pad = graph.producer(operator.inputs[0])
        if pad is not None and _pads_by_one(pad) and _is_block_convolution(operator):
            operator.set_inputs([pad.inputs[0], *operator.inputs[1:]])
            operator.padding = Padding.SAME
            graph.remove(pad)


def _pads_by_one(operator: Operator) -> bool:
    return operator.kind == "PAD" and _integers(operator.inputs[1]) == _ONE_ALL_AROUND


def _is_block_convolution(operator: Operator) -> bool:
    if operator.kind != "CONV_2D" or operator.padding != Padding.VALID:
        return False
    return (operator.weights.shape[1:3], operator.strides) == ((4, 4), (2, 2))


def _check_resizable(graph: Graph) -> None:
    """TRANSPOSE and RESHAPE would fix the picture's size; a PAD that isn't fused copies a whole tensor."""
    found = {operator.kind for operator in graph.operators} & {"TRANSPOSE", "RESHAPE", "PAD"}
    if found:
        raise ConversionError(f"{', '.join(sorted(found))} remains in the graph. {_NEXT_STEP}")


def _describe(graph: Graph) -> None:
    """Set the description and drop what the converter noted.

    Its metadata permit delegates to compute in half precision where the CPU can: other numbers than were verified.
    """
    graph.isolate()
    graph.model.description, graph.table.name = "LW-ISP", "main"
    for tensor in graph.tensors:
        # Only written for sizes that are unknown; the runtime resizes without it.
        tensor.table.shapeSignature = None


def _name_signature(graph: Graph) -> None:
    """Write the one signature, packed to rgb."""
    inputs, outputs = graph.inputs, graph.outputs
    if len(inputs) != 1 or len(outputs) != 1:
        found = f"{len(inputs)} inputs and {len(outputs)} outputs"
        raise ConversionError(f"The model has {found} instead of 1. {_NEXT_STEP}")
    graph.add_signature(SIGNATURE, {INPUT_NAME: inputs[0]}, {OUTPUT_NAME: outputs[0]})
