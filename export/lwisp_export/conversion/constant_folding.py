"""What an ONNX of one size computes from constants and shapes alone, as constants.

Torch's older exporter writes paddings, slices and reshapes as arithmetic on shapes, which the converter carries out
wrongly or not at all.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from lwisp_export.conversion.equivalence import Reference
from lwisp_export.conversion.onnx_interface import inputs_of

_OF_SHAPES = ("Shape", "Size")
_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial")


def fold_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with every value that its inputs' values have no part in as an initializer."""
    constant = _constant_nodes(model)
    kept = [node for place, node in enumerate(model.graph.node) if place not in constant]
    written = [name for place in sorted(constant) for name in model.graph.node[place].output if name]
    read = {name for node in kept for name in node.input} | {value.name for value in model.graph.output}
    needed = [name for name in written if name in read]
    if not needed:
        return model
    folded = onnx.ModelProto()
    folded.CopyFrom(model)
    folded.graph.initializer.extend(_values(model, needed))
    del folded.graph.node[:]
    folded.graph.node.extend(kept)
    return folded


def _constant_nodes(model: onnx.ModelProto) -> set[int]:
    """Places of the nodes that depend on no input's values."""
    known = {tensor.name for tensor in model.graph.initializer}
    found = set[int]()
    for place, node in enumerate(model.graph.node):
        inputs = {name for name in node.input if name}
        plain = node.op_type not in _RANDOM and not any(attribute.HasField("g") for attribute in node.attribute)
        if plain and (node.op_type in _OF_SHAPES or inputs <= known):
            found.add(place)
            known.update(node.output)
    return found


def _values(model: onnx.ModelProto, names: Sequence[str]) -> list[onnx.TensorProto]:
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    zeros = tuple(np.zeros(port.shape, port.dtype) for port in inputs_of(model))
    return [numpy_helper.from_array(value, name) for name, value in zip(names, Reference(opened).run(zeros))]
