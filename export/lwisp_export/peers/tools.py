"""The environments of the peers that ours excludes, and calls into them."""

import tempfile
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.conversion.environment import Tool, run, tool_python
from lwisp_mobile.tflite.graph import Graph

Report = Callable[[str], None]


def tensorflow_tool() -> Tool:
    """TensorFlow, for its reference quantiser."""
    return Tool("tensorflow", "TensorFlow", _text("tensorflow.txt"), "about 1.5 GB, some minutes")


def tflite_runtime_tool() -> Tool:
    """tflite-runtime 2.14, which 32-bit ARM boards have; its wheels end at Python 3.11."""
    return Tool("tflite-runtime", "tflite-runtime", _text("tflite_runtime.txt"), "about half a minute")


def quantize_by_tensorflow(float_model: Graph, tiles: Sequence[NDArray[np.float32]], report: Report) -> bytes:
    """TensorFlow's reference quantiser on a float model, by the extremes of tiles of one size.

    Raises ConversionError with the end of its log if it fails, or its environment can't be made.
    """
    with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
        source, samples, result = (Path(folder) / name for name in ("float.tflite", "tiles.npy", "int8.tflite"))
        # It quantises a buffer once per tensor: what two convolutions share, it would spoil.
        unshared = float_model.copy()
        unshared.unshare_buffers()
        source.write_bytes(unshared.pack())
        np.save(samples, np.stack(list(tiles)))
        _call(tensorflow_tool(), "tensorflow_worker.py", [source, samples, result], report)
        return result.read_bytes()


def run_in_tflite_runtime(int8_model: bytes, inputs: NDArray[np.int8], report: Report) -> NDArray[np.int8]:
    """An INT8 .tflite in tflite-runtime. inputs: (n, h, w, planes) int8. Returns (n, h', w', 3) int8.

    Errors as for `quantize_by_tensorflow`.
    """
    with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
        source, given, result = (Path(folder) / name for name in ("int8.tflite", "inputs.npy", "outputs.npy"))
        source.write_bytes(int8_model)
        np.save(given, inputs)
        _call(tflite_runtime_tool(), "tflite_runtime_worker.py", [source, given, result], report)
        outputs: NDArray[np.int8] = np.load(result)
        return outputs


def _call(tool: Tool, worker: str, paths: Sequence[Path], report: Report) -> None:
    python = tool_python(tool, report)
    with as_file(files("lwisp_export.peers") / worker) as script:
        # -I keeps this process's PYTHONPATH out of the other environment.
        command = [str(python), "-I", str(script), *map(str, paths)]
        run(command, f"Running {tool.title}", f"Remove {python.parents[1]} to have it made again.")


def _text(name: str) -> str:
    return (files("lwisp_export.peers") / name).read_text(encoding="utf-8")
