"""The process that `isolated_run` starts: runs a model on the inputs of a folder, and writes what comes out there."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from lwisp_mobile.engine.interpreter import interpreter_module
from lwisp_mobile.engine.isolated_run import MODEL_FILE


def main() -> None:
    """Run the folder named as the only argument."""
    folder = Path(sys.argv[1])
    model = (folder / MODEL_FILE).read_bytes()
    for number in range(len(list(folder.glob("*.in.npz")))):
        with np.load(folder / f"{number}.in.npz", allow_pickle=False) as given:
            arrays = [given[f"arr_{place}"] for place in range(len(given.files) - 1)]
            keep = bool(given["keep_tensors"])
        try:
            outputs, tensors = _run(model, arrays, keep)
        except (RuntimeError, ValueError) as error:
            (folder / f"{number}.error.txt").write_text(str(error).strip(), encoding="utf-8")
            continue
        # Renamed when whole: a process that dies while it writes has given no outputs.
        written = folder / f"{number}.part.npz"
        kept = {f"tensor_{place}": values for place, values in enumerate(tensors.values())}
        np.savez(written, *outputs, names=np.array(list(tensors), dtype=str), **kept)
        written.rename(folder / f"{number}.out.npz")


def _run(model: bytes, arrays: list[Any], keep: bool) -> tuple[list[Any], dict[str, Any]]:
    """A fresh interpreter for every run, because int8 means are wrong in one that has grown."""
    options = {"experimental_preserve_all_tensors": True} if keep else {}
    interpreter = interpreter_module(None).Interpreter(model_content=model, num_threads=1, **options)
    entries = interpreter.get_input_details()
    for entry, values in zip(entries, arrays, strict=True):
        if tuple(entry["shape"]) != values.shape:
            interpreter.resize_tensor_input(entry["index"], values.shape, strict=False)
    interpreter.allocate_tensors()
    for entry, values in zip(entries, arrays, strict=True):
        interpreter.set_tensor(entry["index"], values)
    interpreter.invoke()
    outputs = [interpreter.get_tensor(entry["index"]) for entry in interpreter.get_output_details()]
    return outputs, dict(_tensors(interpreter)) if keep else {}


def _tensors(interpreter: Any) -> list[tuple[str, Any]]:
    found = []
    for details in interpreter.get_tensor_details():
        try:
            found.append((details["name"], interpreter.get_tensor(details["index"])))
        except ValueError:  # one that the run never wrote
            continue
    return [(name, values) for name, values in found if name and values.dtype.kind in "fiub"]
