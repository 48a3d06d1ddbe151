"""Peers whose packages exclude ours, each in an environment of its own, and calls into them."""

import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.conversion.environment import Tool, run, tool_python
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.graph import Graph


def tensorflow_tool() -> Tool:
    """TensorFlow, for its reference quantiser."""
    return Tool("tensorflow", "TensorFlow", _text("tensorflow.txt"), "about 1.5 GB, some minutes")


def tflite_runtime_tool() -> Tool:
    """tflite-runtime 2.14, which 32-bit ARM boards have; its wheels end at Python 3.11."""
    return Tool("tflite-runtime", "tflite-runtime", _text("tflite_runtime.txt"), "about half a minute")


def quantize_by_tensorflow(float_model: Graph, tiles: Sequence[NDArray[np.float32]], progress: Progress) -> bytes:
    """TensorFlow's reference quantiser on a float .tflite, its ranges the minima and maxima over tiles of one size.

    Raises ConversionError with the end of its log if it fails or its environment can't be built.
    """
    with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
        source, samples, result = (Path(folder) / name for name in ("float.tflite", "tiles.npy", "int8.tflite"))
        # It quantises a buffer once per tensor: what two convolutions share, it would spoil.
        unshared = float_model.copy()
        unshared.unshare_buffers()
        source.write_bytes(unshared.pack())
        np.save(samples, np.stack(list(tiles)))
        _call(tensorflow_tool(), "tensorflow_worker.py", [source, samples, result], progress)
        return result.read_bytes()


def run_in_tflite_runtime(int8_model: bytes, inputs: NDArray[np.int8], progress: Progress) -> NDArray[np.int8]:
    """An INT8 .tflite in tflite-runtime. inputs: (n, h, w, planes) int8. Returns (n, h', w', 3) int8.

    Errors as for `quantize_by_tensorflow`.
    """
    with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
        source, planes, result = (Path(folder) / name for name in ("int8.tflite", "inputs.npy", "outputs.npy"))
        source.write_bytes(int8_model)
        np.save(planes, inputs)
        _call(tflite_runtime_tool(), "tflite_runtime_worker.py", [source, planes, result], progress)
        outputs: NDArray[np.int8] = np.load(result)
        return outputs


def _call(tool: Tool, worker: str, paths: Sequence[Path], progress: Progress) -> None:
    python = tool_python(tool, progress)
    with as_file(files("lwisp_export.peers") / worker) as script:
        # -I keeps this process's PYTHONPATH out of the other environment.
        command = [str(python), "-I", str(script), *map(str, paths)]
        run(command, f"Running {tool.title}", f"Delete {python.parents[1]} and run again to rebuild it.")


def _text(name: str) -> str:
    return (files("lwisp_export.peers") / name).read_text(encoding="utf-8")
