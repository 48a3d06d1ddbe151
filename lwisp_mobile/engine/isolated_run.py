"""A model run in a process of its own: one that aborts the engine, or never ends, is found and costs nothing else.

Files in a temporary folder go between the processes: the model, inputs as .npz, and for each of these either outputs
or the reason why there are none.
"""

import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.child_process import child_environment, python_command

MODEL_FILE = "model.tflite"
# -B: the child writes no byte code.
WORKER = tuple(python_command("-B", "-c", "from lwisp_mobile.engine.isolated_worker import main; main()"))
TIMEOUT_S = 300.0

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class IsolatedRun:
    """One run's outcome."""

    outputs: Arrays
    """In the order of the model's outputs, in its types; empty where it failed."""
    failure: str | None
    """Why there are none, as the engine said it, or how the process ended."""
    tensors: dict[str, NDArray[Any]]
    """Every tensor that the run wrote, by name, where they were asked for."""


@dataclass(frozen=True)
class InputSet:
    """What one run is given."""

    arrays: Arrays
    """In the order of the model's inputs; the model is resized to their shapes."""
    keep_tensors: bool = False
    """Return every tensor as well, computed without XNNPACK's fusions."""


def run_isolated(
    model: bytes, inputs: Sequence[InputSet], *, timeout_s: float = TIMEOUT_S, worker: Sequence[str] = WORKER
) -> tuple[IsolatedRun, ...]:
    """Run a .tflite on each set of inputs, all in one other process.

    worker: the command of that process. After a run that ended the process, those behind it fail with the same reason.
    """
    with tempfile.TemporaryDirectory(prefix="lwisp-run-") as name:
        folder = Path(name)
        (folder / MODEL_FILE).write_bytes(model)
        for number, given in enumerate(inputs):
            named: dict[str, Any] = {"keep_tensors": np.array(given.keep_tensors)}
            np.savez(folder / f"{number}.in.npz", *given.arrays, **named)
        ending = _wait(folder, worker, timeout_s)
        return tuple(_outcome(folder, number, ending) for number in range(len(inputs)))


def _wait(folder: Path, worker: Sequence[str], timeout_s: float) -> str:
    """Run the worker; how it ended, in words."""
    try:
        command, environment = [*worker, str(folder)], child_environment()
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return f"the process took more than {timeout_s:g} s"
    if done.returncode < 0:
        return f"the process was ended by {signal.Signals(-done.returncode).name}"
    return f"the process ended with exit status {done.returncode}: {done.stderr.strip()[-300:]}"


def _outcome(folder: Path, number: int, ending: str) -> IsolatedRun:
    error, found = folder / f"{number}.error.txt", folder / f"{number}.out.npz"
    if error.exists():
        return IsolatedRun((), error.read_text(encoding="utf-8"), {})
    if not found.exists():
        return IsolatedRun((), ending, {})
    with np.load(found, allow_pickle=False) as arrays:
        outputs = tuple(arrays[key] for key in sorted((k for k in arrays if k.startswith("arr_")), key=_place))
        names = [str(name) for name in arrays["names"]]
        return IsolatedRun(outputs, None, {name: arrays[f"tensor_{i}"] for i, name in enumerate(names)})


def _place(key: str) -> int:
    return int(key.removeprefix("arr_"))
