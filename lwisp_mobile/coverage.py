"""How much of a model XNNPACK runs, read back from the interpreter after the delegate was applied.

The reading happens in a process of its own: on a model that XNNPACK refuses, the runtime can free memory twice and
take its process along.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lwisp_mobile.errors import ModelError, missing_runtime
from lwisp_mobile.tflite_file import parse_tflite

TIMEOUT_S = 120.0
"""A model that isn't prepared by then never will be."""


@dataclass(frozen=True)
class Coverage:
    """Which operations the delegate took over."""

    delegated_nodes: int
    total_nodes: int
    partitions: int
    """Pieces the delegated operations fall into; each border costs a hand-over."""
    undelegated: tuple[str, ...]
    """Names of the operations left to the built-in kernels, in graph order."""


def delegate_coverage(model: bytes, threads: int = 1) -> Coverage:
    """Load a model with XNNPACK and count what it took over. model: a .tflite's bytes.

    Raises ModelError if the file is corrupt or the runtime refuses it.
    """
    parse_tflite(model)
    # -P: nothing in the working folder may take a module's place.
    command = [sys.executable, "-P", "-c", f"from {__name__} import worker; worker()", str(threads)]
    try:
        done = subprocess.run(
            command, input=model, capture_output=True, timeout=TIMEOUT_S, env=_environment(), check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"The runtime didn't load the model in {TIMEOUT_S:.0f} s. Export the model again.") from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise ModelError(
            f"The runtime refused the model (exit status {done.returncode}): {lines[-1]}. Export the model again."
        )
    found = json.loads(done.stdout)
    return Coverage(**{**found, "undelegated": tuple(found["undelegated"])})


def _environment() -> dict[str, str]:
    # The child must find this package however the parent did (installed, PYTHONPATH, a test's sys.path).
    here = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))}


def _read_coverage(model: bytes, threads: int) -> Coverage:
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    # Private, but the only place where the applied delegate can be seen from Python.
    nodes = interpreter._get_ops_details()
    delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
    operations = [node for node in nodes if node["op_name"] != "DELEGATE"]
    covered = _covered(operations, delegates)
    left = tuple(str(node["op_name"]) for node in operations if int(node["index"]) not in covered)
    return Coverage(len(operations) - len(left), len(operations), len(delegates), left)


def _covered(operations: list[dict[str, Any]], delegates: list[dict[str, Any]]) -> set[int]:
    """Walk back from each delegate's outputs to its inputs: the replaced nodes stay in the list of nodes."""
    sources = {int(tensor): node for node in operations for tensor in node["outputs"]}
    covered: set[int] = set()
    for delegate in delegates:
        borders = {int(tensor) for tensor in delegate["inputs"]}
        waiting = [int(tensor) for tensor in delegate["outputs"]]
        while waiting:
            node = sources.get(waiting.pop())
            if node is not None and int(node["index"]) not in covered:
                covered.add(int(node["index"]))
                waiting += [int(tensor) for tensor in node["inputs"] if int(tensor) not in borders]
    return covered


def worker() -> None:
    """The process of its own: the model on stdin, threads as the argument, a Coverage as JSON on stdout."""
    coverage = _read_coverage(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.write(json.dumps(asdict(coverage)))
