"""Delegates by name: none of them falls back to the CPU by itself.

gpu and npu go through LiteRT's CompiledModel, whose accelerators are asked for without the CPU, so a graph that they
can't run whole is refused. A path is an external delegate's library (tflite_plugin_create_delegate).
"""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.engine.delegate_options import compile_options
from lwisp_mobile.errors import DelegateError, missing_runtime

CPU = "cpu"
LITERT_ONLY = ("gpu", "npu")
_ENTRIES = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")


def open_library(module: Any, path: str, options: Mapping[str, str]) -> Any:
    """Open an external delegate. module: the engine's, with load_delegate. Raises DelegateError, naming the cause."""
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise DelegateError(f"The delegate {path} can't be opened ({error}). Give the path of its .so.") from error
    missing = [entry for entry in _ENTRIES if not hasattr(library, entry)]
    if missing:
        raise DelegateError(f"{path} is no TFLite delegate: it has no {', no '.join(missing)}. Give another library.")
    try:
        return module.load_delegate(path, dict(options))
    except (RuntimeError, ValueError) as error:
        raise DelegateError(f"The delegate {path} refuses to start ({error}). Check its options and driver.") from error


def compile_model(model: bytes, accelerator: str, options: Sequence[tuple[str, str]] = ()) -> Any:
    """Compile for one of LiteRT's accelerators: "gpu", "npu", or "cpu" to compare with.

    options: by `compile_options`. Raises UsageError on an option that there isn't, DelegateError if there's no such
    accelerator here, or if it can't run the whole graph; `check_delegate` tells which.
    """
    try:
        from ai_edge_litert import compiled_model  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    chosen = compiled_model.Options(
        hardware_accelerators=compiled_model.HardwareAccelerator[accelerator.upper()],
        **compile_options(compiled_model, accelerator, options),
    )
    try:
        compiled = compiled_model.CompiledModel.from_buffer(model, options=chosen)
    except RuntimeError as error:
        raise DelegateError(_last_line(str(error))) from error
    if not compiled.is_fully_accelerated():
        raise DelegateError(f"The {accelerator} runs only a part of the model.")
    return compiled


def _last_line(message: str) -> str:
    """LiteRT's own words: the lines before are places in its source."""
    return message.strip().splitlines()[-1].lstrip("└ ")


class CompiledRunner:
    """One signature of a CompiledModel, called as an interpreter's signature is."""

    def __init__(self, compiled: Any, name: str, described: Any) -> None:
        """described: an interpreter's runner of the same signature; a CompiledModel doesn't tell tensors' steps."""
        self._compiled, self._name = compiled, name
        self.get_input_details, self.get_output_details = described.get_input_details, described.get_output_details

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Run once. Returns the outputs, the caller's own."""
        model, name = self._compiled, self._name
        for tensor, values in inputs.items():
            if tuple(model.get_input_tensor_details(name)[tensor]["shape"]) != values.shape:
                model.resize_input_tensor_by_name(name, tensor, values.shape, strict=False)
        given = {tensor: model.create_input_buffer_by_name(name, tensor) for tensor in inputs}
        for tensor, values in inputs.items():
            given[tensor].write(np.ascontiguousarray(values))
        details = model.get_output_tensor_details(name)
        taken = {tensor: model.create_output_buffer_by_name(name, tensor) for tensor in details}
        model.run_by_name(name, given, taken)
        return {tensor: self._read(buffer, details[tensor]) for tensor, buffer in taken.items()}

    @staticmethod
    def _read(buffer: Any, details: Mapping[str, Any]) -> NDArray[Any]:
        shape = tuple(details["shape"])
        values: NDArray[Any] = buffer.read(int(np.prod(shape)), np.dtype(details["dtype"]).type)
        return values.reshape(shape)
