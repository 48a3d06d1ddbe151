"""A converted model, channels last inside: transposes sunk through what is between them, and cancelled.

The converter leaves a TRANSPOSE to channels first wherever two branches meet that it didn't lay out alike, as at a
residual; behind it a model can be slow, is harder to quantise, and may leave with another layout than it entered.
"""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
_UNARY = ("ABS", "CAST", "COS", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "NEG", "RELU")
_UNARY_TOO = ("RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RSQRT", "SIN", "SQRT", "SQUARE", "TANH")
_BINARY = ("ADD", "DIV", "GREATER", "LESS", "MAXIMUM", "MINIMUM", "MUL", "POW", "SQUARED_DIFFERENCE", "SUB")
_ELEMENTWISE = frozenset((*_UNARY, *_UNARY_TOO, *_BINARY))
_REDUCTIONS = frozenset(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"))
_PADS = frozenset(("PAD", "PADV2", "MIRROR_PAD"))
_MASKS = ("beginMask", "endMask")
_OTHER_MASKS = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")


def sink_transposes(model: Graph) -> Graph:
    """Return the model with its TRANSPOSEs to channels first as late as they can be, and none that undo each other."""
    graph = model.copy()
    changed = True
    while changed:
        changed = sum(_sink(graph, operator) for operator in graph.operators) > 0
        _cancel(graph)
    _drop_dead(graph)
    graph.drop_unused()
    return graph


def transpose_output(graph: Graph, place: int, *, to_last: bool) -> None:
    """Put a TRANSPOSE to channels last, or to first, before a result, in the graph itself. place: of the result."""
    result = graph.outputs[place]
    producer = graph.producer(result)
    if producer is None:
        return
    order = _TO_LAST if to_last else _TO_FIRST
    inner = graph.add_tensor(f"{result.name}_inner", result.shape, dtype=result.dtype)
    for reader in graph.readers(result):
        reader.set_inputs([inner if tensor == result else tensor for tensor in reader.inputs])
    producer.set_outputs([inner if tensor == result else tensor for tensor in producer.outputs])
    result.set_shape([inner.shape[axis] for axis in order])
    graph.insert_after(producer, _transpose(graph, inner, result, order))


def free_slices(model: Graph) -> Graph:
    """Return the model whose slices to the end of an axis say so, instead of naming the place: it can be resized."""
    graph = model.copy()
    for operator in graph.operators:
        if operator.kind == "STRIDED_SLICE" and all(tensor.is_constant for tensor in operator.inputs[1:]):
            begin, end, strides = (tensor.values() for tensor in operator.inputs[1:])
            sides = np.array(operator.inputs[0].shape)
            _add_mask(operator, "endMask", (end >= sides) & (strides > 0))
            _add_mask(operator, "beginMask", (begin == 0) & (strides > 0))
    return graph


def _sink(graph: Graph, operator: Operator) -> bool:
    """Move an operator before the TRANSPOSEs that it reads; whether that could be done."""
    sources = [_source(graph, tensor) for tensor in operator.inputs]
    moved = [source for source in sources if source is not None]
    if not moved or not _may_sink(operator, sources):
        return False
    operator.set_inputs(
        [
            _moved_constant(graph, operator, number, tensor) if source is None else source
            for number, (tensor, source) in enumerate(zip(operator.inputs, sources))
        ]
    )
    _move_options(operator)
    for result in operator.outputs:
        inner = graph.add_tensor(f"{result.name}_nhwc", [result.shape[axis] for axis in _TO_LAST], dtype=result.dtype)
        operator.set_outputs([inner if tensor == result else tensor for tensor in operator.outputs])
        graph.insert_after(operator, _transpose(graph, inner, result, _TO_FIRST))
    return True


def _source(graph: Graph, tensor: Tensor) -> Tensor | None:
    """What a tensor is in channels last; None if it isn't the result of a TRANSPOSE to channels first."""
    producer = graph.producer(tensor)
    return producer.inputs[0] if producer is not None and _order(producer) == _TO_FIRST else None


def _may_sink(operator: Operator, sources: list[Tensor | None]) -> bool:
    others = [(place, tensor) for place, (tensor, source) in enumerate(zip(operator.inputs, sources)) if source is None]
    if any(len(result.shape) != 4 for result in operator.outputs) or not all(t.is_constant for _place, t in others):
        return False
    if operator.kind in _ELEMENTWISE:
        # A vector lies along the last axis: (1, 1, 1, w), which is another axis then.
        return all(len(tensor.shape) == 4 or np.prod(tensor.shape) == 1 for _place, tensor in others)
    if operator.kind == "CONCATENATION":
        return all(len(tensor.shape) == 4 for _place, tensor in others)
    if operator.kind in _REDUCTIONS:
        return operator.keeps_axes
    if operator.kind == "STRIDED_SLICE":
        return not any(getattr(operator.table.builtinOptions, mask) for mask in _OTHER_MASKS)
    return operator.kind in (*_PADS, "SLICE") or (operator.kind == "SPLIT" and sources[1] is not None)


def _moved_constant(graph: Graph, operator: Operator, place: int, tensor: Tensor) -> Tensor:
    """A constant input for channels-last data."""
    values = tensor.values()
    if operator.kind in (*_REDUCTIONS, "SPLIT"):
        axes = np.atleast_1d(values) % 4
        moved = np.array([_TO_FIRST[axis] for axis in axes]).reshape(values.shape)
    elif operator.kind in ("STRIDED_SLICE", "SLICE") or (operator.kind in _PADS and place == 1):
        moved = values[list(_TO_LAST)]
    elif values.ndim == 4:
        moved = np.ascontiguousarray(values.transpose(_TO_LAST))
    else:
        return tensor
    return graph.add_tensor(f"{tensor.name}_nhwc", moved.shape, moved, tensor.dtype)


def _move_options(operator: Operator) -> None:
    options = operator.table.builtinOptions
    if operator.kind == "CONCATENATION":
        setattr(options, "axis", _TO_FIRST[getattr(options, "axis") % 4])  # noqa: B009, B010 (the schema's types differ)
    if operator.kind == "STRIDED_SLICE":
        for name in _MASKS:
            mask = getattr(options, name)
            setattr(options, name, sum(1 << _TO_FIRST[bit] for bit in range(4) if mask >> bit & 1))


def _cancel(graph: Graph) -> None:
    """Have readers of TRANSPOSEs that undo each other read what the first one reads."""
    for second in graph.operators:
        first = graph.producer(second.inputs[0]) if _order(second) is not None else None
        if first is None or _order(first) is None or not _undo_each_other(first, second):
            continue
        if second.output in graph.outputs:
            _write_as(graph, first.inputs[0], second)
        else:
            graph.replace_tensor(second.output, first.inputs[0])
            graph.remove(second)


def _write_as(graph: Graph, source: Tensor, last: Operator) -> None:
    """Have the producer of a tensor write a result itself, in place of the last TRANSPOSE."""
    producer, result = graph.producer(source), last.output
    if producer is None or source in graph.outputs:
        return
    graph.remove(last)
    producer.set_outputs([result if tensor == source else tensor for tensor in producer.outputs])
    for reader in graph.readers(source):
        reader.set_inputs([result if tensor == source else tensor for tensor in reader.inputs])


def _drop_dead(graph: Graph) -> None:
    """Remove operators whose results nobody reads."""
    for operator in reversed(graph.operators):
        if not any(graph.readers(result) or result in graph.outputs for result in operator.outputs):
            graph.remove(operator)


def _undo_each_other(first: Operator, second: Operator) -> bool:
    one, two = _order(first), _order(second)
    return one is not None and two is not None and [one[axis] for axis in two] == list(range(len(one)))


def _order(operator: Operator) -> tuple[int, ...] | None:
    """The order of a TRANSPOSE with a constant one; None for other operators."""
    if operator.kind != "TRANSPOSE" or not operator.inputs[1].is_constant:
        return None
    return tuple(int(axis) for axis in operator.inputs[1].values())


def _transpose(graph: Graph, source: Tensor, result: Tensor, order: tuple[int, ...]) -> Operator:
    axes = graph.add_tensor(f"{result.name}_order", [4], np.array(order), "int32")
    return graph.make_operator("TRANSPOSE", [source, axes], [result], {})


def _add_mask(operator: Operator, name: str, axes: NDArray[np.bool_]) -> None:
    mask = sum(1 << axis for axis in range(len(axes)) if axes[axis])
    setattr(operator.table.builtinOptions, name, getattr(operator.table.builtinOptions, name) | mask)
