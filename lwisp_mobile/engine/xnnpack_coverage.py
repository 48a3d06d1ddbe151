"""How much of a model XNNPACK runs, read back from the interpreter after the delegate was applied.

The interpreter tells of its first subgraph only, so each is put first in turn. The reading happens in a process of its
own: on a model that XNNPACK refuses, the runtime can free memory twice and crash its process.
"""

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.errors import ModelError, missing_runtime
from lwisp_mobile.tflite.graph import Graph

TIMEOUT_S = 120.0
"""A model that isn't prepared by then never will be."""
_SUBGRAPHS_FIELD = 8
"""Offset of the field `subgraphs` in the schema's table Model."""


def delegate_coverage(model: bytes, threads: int = 1) -> Coverage:
    """Load a model with XNNPACK and count what it took over of the first subgraph. model: a .tflite's bytes.

    Raises ModelError if the file is corrupt or the runtime refuses it.
    """
    Graph.parse(model)
    return _coverage_of(model, [0], threads)[0]


def signature_coverage(model: bytes, threads: int = 1) -> dict[str, Coverage]:
    """As `delegate_coverage`, for each signature by its name; empty for a model without signatures."""
    places = {signature.name: signature.subgraph for signature in Graph.parse(model).signatures}
    return dict(zip(places, _coverage_of(model, list(places.values()), threads)))


def _coverage_of(model: bytes, subgraphs: Sequence[int], threads: int) -> list[Coverage]:
    """Ask a process of its own. subgraphs: their places in the file."""
    try:
        done = run_worker(__name__, model, str(threads), *map(str, subgraphs))
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"The runtime didn't load the model in {TIMEOUT_S:.0f} s. Export the model again.") from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise ModelError(
            f"The runtime refused the model (exit status {done.returncode}): {lines[-1]}. Export the model again."
        )
    return [Coverage(**{**found, "undelegated": tuple(found["undelegated"])}) for found in json.loads(done.stdout)]


def run_worker(module: str, model: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a module's `worker` in a process of its own, the model on its stdin. Raises subprocess.TimeoutExpired."""
    command = python_command("-c", f"from {module} import worker; worker()", *arguments)
    return subprocess.run(
        command, input=model, capture_output=True, timeout=TIMEOUT_S, env=child_environment(), check=False
    )


def _read_coverage(model: bytes, threads: int) -> Coverage:
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    return count_delegated(interpreter)


def count_delegated(interpreter: Any) -> Coverage:
    """Count what delegates took over of an interpreter's first subgraph, once its tensors are allocated."""
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


def _put_first(model: bytes, subgraph: int) -> bytes:
    """The model with a subgraph in the first one's place, and that one in its.

    Each place holds the distance to its subgraph, which always lies behind, so the two distances change by the places'.
    """
    root = int.from_bytes(model[:4], "little")
    (back,) = struct.unpack_from("<i", model, root)
    (offset,) = struct.unpack_from("<H", model, root - back + _SUBGRAPHS_FIELD)
    field = root + offset
    start = field + int.from_bytes(model[field : field + 4], "little") + 4
    moved, there = bytearray(model), start + 4 * subgraph
    (first,), (other,) = struct.unpack_from("<I", model, start), struct.unpack_from("<I", model, there)
    struct.pack_into("<I", moved, start, other + there - start)
    struct.pack_into("<I", moved, there, first + start - there)
    return bytes(moved)


def worker() -> None:
    """The process of its own: the model on stdin; threads and subgraphs as arguments; Coverages as JSON on stdout."""
    model, threads = sys.stdin.buffer.read(), int(sys.argv[1])
    found = [asdict(_read_coverage(_put_first(model, int(place)), threads)) for place in sys.argv[2:]]
    sys.stdout.write(json.dumps(found))
