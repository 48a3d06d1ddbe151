"""`lwisp inspect` for the factory's files: checkpoints and ONNX graphs."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from lwisp_export.student.checkpoint import load_checkpoint
from lwisp_export.student.cost import count_macs, count_parameters
from lwisp_mobile.errors import ModelError
from lwisp_mobile.serialize.files import check_file, file_sha256

MAX_ONNX_BYTES = 256 << 20


def inspect_checkpoint(path: Path) -> dict[str, Any]:
    """A student's checkpoint: what it was trained as, parameters per module, multiply-adds at 224x224 packed."""
    student, info = load_checkpoint(path)
    return {
        "kind": "checkpoint",
        "file": str(path),
        "sha256": file_sha256(path),
        **asdict(info),
        "parameters": count_parameters(student),
        "macs": count_macs(student, 224),
        "macs_at_shape": [1, info.student.input_planes, 224, 224],
        "modules": {name: count_parameters(module) for name, module in student.named_children()},
    }


def inspect_onnx(path: Path) -> dict[str, Any]:
    """An ONNX graph: inputs, outputs, operations, parameters. Raises ModelError if it isn't one."""
    graph = read_onnx(path).graph
    return {
        "kind": "onnx",
        "file": str(path),
        "sha256": file_sha256(path),
        "inputs": [_describe(value) for value in graph.input],
        "outputs": [_describe(value) for value in graph.output],
        "parameters": sum(_size(tensor) for tensor in graph.initializer),
        "ops": dict(sorted(Counter(node.op_type for node in graph.node).items())),
    }


def read_onnx(path: Path) -> onnx.ModelProto:
    """Read and check an ONNX model. Raises ModelError if it isn't one."""
    try:
        check_file(path, MAX_ONNX_BYTES)
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except (OSError, DecodeError, onnx.checker.ValidationError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: not an ONNX model ({reason}). Export it again.") from error
    if not model.graph.node:
        raise ModelError(f"{path}: the ONNX model has no operations. Export it again.")
    return model


def _describe(value: Any) -> dict[str, Any]:
    tensor = value.type.tensor_type
    shape = [dim.dim_value or dim.dim_param for dim in tensor.shape.dim]
    return {"name": value.name, "dtype": onnx.TensorProto.DataType.Name(tensor.elem_type).lower(), "shape": str(shape)}


def _size(tensor: Any) -> int:
    size = 1
    for dim in tensor.dims:
        size *= dim
    return size
