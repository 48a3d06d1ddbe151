"""Graph surgery on the converter's float .tflite: channels last throughout, nothing that fixes the picture's size."""

from typing import Any

import numpy as np

from lwisp_export.conversion.writer import add_buffer, drop_unused, ids, pack_tflite, share_buffers
from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, schema, shape_of

SIGNATURE = "serving_default"
INPUT_NAME = "packed"
OUTPUT_NAME = "rgb"

_TO_CHANNELS_FIRST = (0, 3, 1, 2)
_TO_CHANNELS_LAST = (0, 2, 3, 1)
_REDUCTIONS = ("MEAN", "REDUCE_MAX")
_ELEMENTWISE = ("RELU", "LEAKY_RELU", "LOGISTIC", "ADD", "SUB", "MUL")
_FUSING = ("CONV_2D", "ADD", "SUB", "MUL")
_ONE_ALL_AROUND = (0, 0, 1, 1, 1, 1, 0, 0)
_REPORT = "The student's form or the converter's version has changed; adapt lwisp_export/surgery.py."


def clean_float_model(model: bytes) -> bytes:
    """Return the model as it ships.

    model: the converter's float32 .tflite of a student, (1, h, w, planes) to (1, h', w', 3). The result has no
    TRANSPOSE and no RESHAPE, so that it can be resized to any multiple of 16, fused ReLUs, one copy of shared weights,
    one signature "serving_default" (packed to rgb) and no metadata. Raises ConversionError on a graph of another form.
    """
    tree = parse_tflite(model)
    if len(tree.subgraphs) != 1:
        raise ConversionError(f"The converted model has {len(tree.subgraphs)} subgraphs instead of 1. {_REPORT}")
    _make_channels_last(tree)
    _fuse_relu(tree)
    _fuse_pad(tree)
    _check_resizable(tree)
    _name_signature(tree)
    _describe(tree)
    drop_unused(tree)
    share_buffers(tree)
    return pack_tflite(tree)


def _make_channels_last(tree: Any) -> None:
    """Remove TRANSPOSE and RESHAPE around reductions.

    The converter writes a reduction as TRANSPOSE to channels first, reduction, RESHAPE back. Here every tensor between
    the two becomes channels last (its shape and the reduction's axes permuted), and the two vanish.
    """
    graph = tree.subgraphs[0]
    first: set[int] = set()  # tensors that the converter left channels first
    renamed: dict[int, int] = {}
    kept = []
    for operator in graph.operators:
        inputs = ids(operator.inputs)
        takes_first = not first.isdisjoint(inputs)
        operator.inputs = [renamed.get(i, i) for i in inputs]
        source, result = operator.inputs[0], int(operator.outputs[0])
        if not takes_first and _permutation(tree, operator) == _TO_CHANNELS_FIRST:
            renamed[result] = source
            first.add(result)
        elif not takes_first:
            kept.append(operator)
        elif _returns_to_channels_last(tree, operator):
            renamed[result] = source
        else:
            _permute(tree, operator, alone=first.issuperset(inputs))
            first.add(result)
            kept.append(operator)
    graph.operators = kept
    if not {*first, *renamed}.isdisjoint(ids(graph.outputs)):
        raise ConversionError(f"The picture leaves the model through a TRANSPOSE or RESHAPE. {_REPORT}")


def _permutation(tree: Any, operator: Any) -> tuple[int, ...] | None:
    """The permutation of a TRANSPOSE; None for another operator."""
    return _constant(tree, operator.inputs[1]) if operator_name(tree, operator) == "TRANSPOSE" else None


def _returns_to_channels_last(tree: Any, operator: Any) -> bool:
    """Whether an operator only moves the channels back to the end: a TRANSPOSE, or a RESHAPE that equals one."""
    tensors = tree.subgraphs[0].tensors
    shape = shape_of(tensors[operator.inputs[0]])
    same = shape == shape_of(tensors[operator.outputs[0]])
    # With one channel or one pixel, moving an axis doesn't change the order of the values.
    one = len(shape) == 4 and (shape[3] == 1 or shape[1] * shape[2] == 1)
    is_reshape = operator_name(tree, operator) == "RESHAPE" and one and same
    return is_reshape or _permutation(tree, operator) == _TO_CHANNELS_LAST


def _permute(tree: Any, operator: Any, *, alone: bool) -> None:
    """Have an operator do to channels-last tensors what it did to channels-first ones. alone: it has no other input."""
    name = operator_name(tree, operator)
    tensors = tree.subgraphs[0].tensors
    result = tensors[operator.outputs[0]]
    shape = shape_of(result)
    reduces = name in _REDUCTIONS and operator.builtinOptions.keepDims
    if len(shape) != 4 or not (reduces or (alone and name in _ELEMENTWISE)):
        raise ConversionError(f"{name} takes a channels-first tensor, which can't be undone. {_REPORT}")
    result.shape = np.array([shape[axis] for axis in _TO_CHANNELS_LAST], np.int32)
    if reduces:
        axes = sorted(_TO_CHANNELS_FIRST[axis] for axis in _constant(tree, operator.inputs[1]))
        operator.inputs = [operator.inputs[0], _add_axes(tree, operator.inputs[1], axes)]


def _add_axes(tree: Any, like: int, axes: list[int]) -> int:
    """Add a constant tensor of axes; a new one, because other operators may read the old one."""
    values = np.array(axes, np.int32)
    tensor = schema().TensorT()
    tensor.name = f"axes_{len(tree.subgraphs[0].tensors)}"
    tensor.type = tree.subgraphs[0].tensors[like].type
    tensor.shape = np.array(values.shape, np.int32)
    tensor.buffer = add_buffer(tree, values.tobytes())
    tree.subgraphs[0].tensors.append(tensor)
    return len(tree.subgraphs[0].tensors) - 1


def _constant(tree: Any, index: int) -> tuple[int, ...]:
    """The values of a constant int32 tensor."""
    data = tree.buffers[tree.subgraphs[0].tensors[index].buffer].data
    if data is None:
        raise ConversionError(f"Axes are computed by the model instead of being constant. {_REPORT}")
    return tuple(int(value) for value in np.frombuffer(bytes(bytearray(data)), np.int32))


def _fuse_relu(tree: Any) -> None:
    """Fold each RELU into the operator before it where nothing else reads what is between."""
    graph = tree.subgraphs[0]
    activation = schema().ActivationFunctionType
    sources = {int(operator.outputs[0]): operator for operator in graph.operators}
    reads = [i for operator in graph.operators for i in ids(operator.inputs)] + ids(graph.outputs)
    kept = []
    for operator in graph.operators:
        before: Any = sources.get(int(operator.inputs[0]))
        alone = reads.count(int(operator.inputs[0])) == 1
        if operator_name(tree, operator) == "RELU" and alone and _takes_activation(tree, before):
            before.builtinOptions.fusedActivationFunction = activation.RELU
            before.outputs = operator.outputs
        else:
            kept.append(operator)
    graph.operators = kept


def _takes_activation(tree: Any, operator: Any | None) -> bool:
    """Whether an operator can apply an activation itself and doesn't yet."""
    if operator is None or operator_name(tree, operator) not in _FUSING:
        return False
    return bool(operator.builtinOptions.fusedActivationFunction == schema().ActivationFunctionType.NONE)


def _fuse_pad(tree: Any) -> None:
    """Let the 4x4 convolution of stride 2 pad by itself.

    On even sides, and sides here are multiples of 16, SAME padding of that shape is one pixel all around: the PAD
    that the converter writes, which would copy the largest tensor of the network.
    """
    graph = tree.subgraphs[0]
    pads = {int(operator.outputs[0]): operator for operator in graph.operators if _pads_by_one(tree, operator)}
    for operator in list(graph.operators):
        pad = pads.get(int(operator.inputs[0]))
        if pad is not None and _is_block_convolution(tree, operator):
            operator.inputs = [int(pad.inputs[0]), *ids(operator.inputs)[1:]]
            operator.builtinOptions.padding = schema().Padding.SAME
            graph.operators.remove(pad)


def _pads_by_one(tree: Any, operator: Any) -> bool:
    return operator_name(tree, operator) == "PAD" and _constant(tree, operator.inputs[1]) == _ONE_ALL_AROUND


def _is_block_convolution(tree: Any, operator: Any) -> bool:
    if operator_name(tree, operator) != "CONV_2D":
        return False
    options = operator.builtinOptions
    shape = shape_of(tree.subgraphs[0].tensors[operator.inputs[1]])[1:3]
    return (shape, options.strideH, options.strideW, options.padding) == ((4, 4), 2, 2, schema().Padding.VALID)


def _check_resizable(tree: Any) -> None:
    """TRANSPOSE and RESHAPE would fix the picture's size; a PAD that isn't fused copies a whole tensor."""
    left = {operator_name(tree, operator) for operator in tree.subgraphs[0].operators} & {"TRANSPOSE", "RESHAPE", "PAD"}
    if left:
        raise ConversionError(f"{', '.join(sorted(left))} is left in the graph. {_REPORT}")


def _name_signature(tree: Any) -> None:
    """Write the one signature, packed to rgb, whatever the converter wrote."""
    graph = tree.subgraphs[0]
    inputs, outputs = ids(graph.inputs), ids(graph.outputs)
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConversionError(f"The model has {len(inputs)} inputs and {len(outputs)} outputs instead of 1. {_REPORT}")
    signature = schema().SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs, signature.outputs = [_entry(INPUT_NAME, inputs[0])], [_entry(OUTPUT_NAME, outputs[0])]
    tree.signatureDefs = [signature]


def _entry(name: str, index: int) -> Any:
    entry = schema().TensorMapT()
    entry.name, entry.tensorIndex = name, index
    return entry


def _describe(tree: Any) -> None:
    """Set the description and drop what the converter noted.

    Its metadata permit delegates to compute in half precision where the CPU can: other numbers than were verified.
    """
    tree.description = "LW-ISP"
    tree.metadata = []
    tree.subgraphs[0].name = "main"
    for tensor in tree.subgraphs[0].tensors:
        # Only written for sizes that are unknown; the runtime resizes without it.
        tensor.shapeSignature = None
