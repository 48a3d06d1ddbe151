"""An ONNX model as the converter gets it right: rewrites of what it errs on, refusals of what can't be mended."""

import re

import numpy as np
import onnx
from onnx import helper, numpy_helper, version_converter

from lwisp_export.conversion.constant_folding import fold_constants
from lwisp_export.conversion.onnx_interface import Layout, make_channels_last
from lwisp_export.conversion.torch_to_onnx import reorder_depth_to_space
from lwisp_export.errors import ConversionError

_AXES_ARE_INPUTS = 18
_RESIZE_SAYS_WHERE = 11
_WHERE = "coordinate_transformation_mode"
_END = np.iinfo(np.int64).max


def prepare_onnx(model: onnx.ModelProto, layout: Layout) -> onnx.ModelProto:
    """Return the model rewritten for the converter: the same numbers, its pictures in the layout.

    model: of one size, with all its shapes. Raises ConversionError, naming the operator, for what can't be converted.
    """
    prepared = model
    for rewrite in (_modern, _plain_names, fold_constants, _unwrap_padding, _spell_out_norms, _native_depth_to_space):
        prepared = rewrite(prepared)
    return make_channels_last(prepared) if layout == "nhwc" else prepared


def _native_depth_to_space(model: onnx.ModelProto) -> onnx.ModelProto:
    """Torch's PixelShuffle as .tflite's, where convolutions before it can be reordered; else as it is."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    try:
        reorder_depth_to_space(changed)
    except ConversionError:
        return model
    return changed


def _modern(model: onnx.ModelProto) -> onnx.ModelProto:
    """Opset 9 and 10 as 11, whose Resize says where its samples lie; the converter takes older ones for another."""
    if _opset(model) >= _RESIZE_SAYS_WHERE:
        return model
    try:
        raised = version_converter.convert_version(model, _RESIZE_SAYS_WHERE)
    except (RuntimeError, version_converter.ConvertError) as error:
        found = f"Opset {_opset(model)} can't be raised to {_RESIZE_SAYS_WHERE} ({error})."
        raise ConversionError(f"{found} Export with a newer one.") from error
    for node in raised.graph.node:
        if node.op_type == "Resize" and not any(attribute.name == _WHERE for attribute in node.attribute):
            # What older opsets mean; the default of newer ones is another.
            modes = {_WHERE: "asymmetric", "nearest_mode": "floor"}
            node.attribute.extend(helper.make_attribute(name, mode) for name, mode in modes.items())
    return onnx.shape_inference.infer_shapes(raised)


def _opset(model: onnx.ModelProto) -> int:
    return next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)


def _plain_names(model: onnx.ModelProto) -> onnx.ModelProto:
    """Names that the converter keeps as they are: it changes others, and then doesn't find its options' inputs."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    names = {value.name: re.sub(r"[^A-Za-z0-9_.]+", "_", value.name) for value in changed.graph.input}
    for node in changed.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    for value in changed.graph.input:
        value.name = names[value.name]
    for tensor in changed.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    return changed


def _unwrap_padding(model: onnx.ModelProto) -> onnx.ModelProto:
    """Circular padding, which .tflite lacks, as slices joined to the sides, axis by axis."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    constants = {tensor.name: tensor for tensor in changed.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in changed.graph.node:
        wraps = node.op_type == "Pad" and any(a.name == "mode" and a.s == b"wrap" for a in node.attribute)
        if wraps and len(node.input) < 4 and node.input[1] in constants:
            pads = numpy_helper.to_array(constants[node.input[1]]).tolist()
            nodes += _wrapped(changed.graph, node, pads)
        else:
            nodes.append(node)
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    return changed


def _wrapped(graph: onnx.GraphProto, pad: onnx.NodeProto, pads: list[int]) -> list[onnx.NodeProto]:
    nodes, source, rank = list[onnx.NodeProto](), pad.input[0], len(pads) // 2
    padded = [axis for axis in range(rank) if pads[axis] or pads[axis + rank]]
    for axis in padded:
        before, after = pads[axis], pads[axis + rank]
        parts, stem = [source], f"{pad.output[0]}_wrap{axis}"
        if before:
            nodes.append(_slice(graph, source, f"{stem}_before", (-before, _END, axis)))
            parts.insert(0, f"{stem}_before")
        if after:
            nodes.append(_slice(graph, source, f"{stem}_after", (0, after, axis)))
            parts.append(f"{stem}_after")
        source = pad.output[0] if axis == padded[-1] else stem
        nodes.append(helper.make_node("Concat", parts, [source], name=f"{stem}_join", axis=axis))
    return nodes or [helper.make_node("Identity", [pad.input[0]], [pad.output[0]], name=f"{pad.output[0]}_same")]


def _spell_out_norms(model: onnx.ModelProto) -> onnx.ModelProto:
    """Instance norms as means and products: the converter takes one on three axes, a group norm's, for another."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    opset = _opset(model)
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in (*model.graph.value_info, *model.graph.input)}
    nodes: list[onnx.NodeProto] = []
    for node in changed.graph.node:
        rank = ranks.get(node.input[0], 0) if node.op_type == "InstanceNormalization" else 0
        nodes += _instance_norm(changed.graph, node, rank, opset) if rank else [node]
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    return changed


def _instance_norm(graph: onnx.GraphProto, norm: onnx.NodeProto, rank: int, opset: int) -> list[onnx.NodeProto]:
    (source, scale, bias), stem = norm.input, norm.output[0]
    epsilon = next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-5)
    sides = [1, -1, *[1] * (rank - 2)]
    constants = {"epsilon": np.array(epsilon, np.float32), "sides": np.array(sides)}
    graph.initializer.extend(numpy_helper.from_array(value, f"{stem}_{name}") for name, value in constants.items())
    parts: list[tuple[str, str, list[str]]] = [
        ("centred", "Sub", [source, f"{stem}_mean"]),
        ("square", "Mul", [f"{stem}_centred", f"{stem}_centred"]),
        ("safe", "Add", [f"{stem}_variance", f"{stem}_epsilon"]),
        ("deviation", "Sqrt", [f"{stem}_safe"]),
        ("normal", "Div", [f"{stem}_centred", f"{stem}_deviation"]),
        ("scale", "Reshape", [scale, f"{stem}_sides"]),
        ("bias", "Reshape", [bias, f"{stem}_sides"]),
        ("scaled", "Mul", [f"{stem}_normal", f"{stem}_scale"]),
    ]
    nodes = [helper.make_node(kind, inputs, [f"{stem}_{part}"], name=f"{stem}_{part}") for part, kind, inputs in parts]
    mean = _mean(graph, source, f"{stem}_mean", rank, opset)
    variance = _mean(graph, f"{stem}_square", f"{stem}_variance", rank, opset)
    result = helper.make_node("Add", [f"{stem}_scaled", f"{stem}_bias"], [stem], name=norm.name)
    return [mean, *nodes[:2], variance, *nodes[2:], result]


def _mean(graph: onnx.GraphProto, source: str, result: str, rank: int, opset: int) -> onnx.NodeProto:
    """Over all axes behind the channels; from opset 18 on the axes are an input."""
    axes = list(range(2, rank))
    if opset < _AXES_ARE_INPUTS:
        return helper.make_node("ReduceMean", [source], [result], name=result, axes=axes)
    graph.initializer.append(numpy_helper.from_array(np.array(axes), f"{result}_axes"))
    return helper.make_node("ReduceMean", [source, f"{result}_axes"], [result], name=result)


def _slice(graph: onnx.GraphProto, source: str, result: str, bounds: tuple[int, int, int]) -> onnx.NodeProto:
    """bounds: start, end and axis."""
    names = [f"{result}_{part}" for part in ("start", "end", "axis")]
    graph.initializer.extend(numpy_helper.from_array(np.array([v]), name) for v, name in zip(bounds, names))
    return helper.make_node("Slice", [source, *names], [result], name=f"{result}_slice")
