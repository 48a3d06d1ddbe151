"""One model in an interpreter, ai-edge-litert's or tflite-runtime's: loaded, sized, run one inference at a time."""

import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_bench.worker.job import RuntimeFacts
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.quantization import dequantize, quantize, tensor_spec
from lwisp_mobile.engine.xnnpack_coverage import count_delegated

Arrays = list[NDArray[Any]]
DELEGATE = "XNNPACK"
"""Both engines apply it by default; the coverage says how much of the model it runs."""
NO_PROFILE = "the engine's Python interface has no profiler; --native gives a profile"


def engine_class() -> tuple[str, Any]:
    """The engine's distribution name and its Interpreter. Raises ImportError if neither is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  on armv7 there is only the other

        return "ai-edge-litert", Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415

        return "tflite-runtime", Interpreter


def tensor_shapes(model: bytes, inputs: Sequence[tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """Shapes of the first subgraph's tensors by their places, for inputs of these shapes. Raises as `LoadedModel`."""
    from ai_edge_litert.interpreter import OpResolverType  # noqa: PLC0415  only on hosts

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = engine_class()[1](model_content=model, experimental_op_resolver_type=plain)
    for detail, shape in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()
    return {detail["index"]: tuple(map(int, detail["shape"])) for detail in interpreter.get_tensor_details()}


def runtime_facts(engine: str) -> RuntimeFacts:
    """Versions of what runs the model."""
    return RuntimeFacts(engine, version(engine), platform.python_version(), np.__version__, DELEGATE)


def read_image(path: Path) -> Arrays:
    """The arrays of one image, in order."""
    with np.load(path) as archive:
        return [archive[f"arr_{index}"] for index in range(len(archive.files))]


class LoadedModel:
    """One loaded model. quantise: inputs and outputs are real values, whatever the tensors' type."""

    def __init__(self, model: bytes, threads: int, *, quantise: bool) -> None:
        """Parse the model. Raises RuntimeError or ValueError as the engine does."""
        self._interpreter = engine_class()[1](model_content=model, num_threads=threads)
        self._quantise = quantise
        self._inputs: list[dict[str, Any]] = self._interpreter.get_input_details()

    def allocate(self, inputs: Arrays) -> None:
        """Resize every input to its array's shape, and apply the delegate."""
        for detail, array in zip(self._inputs, inputs, strict=True):
            if tuple(detail["shape"]) != array.shape:
                self._interpreter.resize_tensor_input(detail["index"], array.shape)
        self._interpreter.allocate_tensors()
        self._outputs: list[dict[str, Any]] = self._interpreter.get_output_details()

    def set_inputs(self, inputs: Arrays) -> None:
        """Quantise where the job asks for it, and copy in."""
        for detail, array in zip(self._inputs, inputs, strict=True):
            values = quantize(array, tensor_spec(detail["name"], detail)) if self._quantise else array
            self._interpreter.set_tensor(detail["index"], values)

    def reset(self) -> None:
        """Set the model's variables, if it has any, to their first values."""
        self._interpreter.reset_all_variables()

    def invoke(self) -> None:
        """Run the model."""
        self._interpreter.invoke()

    def timed_invoke(self) -> float:
        """Run the model. Returns milliseconds of wall clock."""
        start = time.perf_counter()
        self._interpreter.invoke()
        return 1e3 * (time.perf_counter() - start)

    def outputs(self) -> Arrays:
        """Copy out, as the model returns them."""
        return [self._interpreter.get_tensor(detail["index"]) for detail in self._outputs]

    def finish(self) -> None:
        """Do what a caller pays for after each run: copy out, and dequantise where the job asks for it."""
        for detail, values in zip(self._outputs, self.outputs()):
            if self._quantise:
                dequantize(values, tensor_spec(detail["name"], detail))

    def coverage(self) -> Coverage:
        """How much of the loaded model the delegate runs."""
        return count_delegated(self._interpreter)
