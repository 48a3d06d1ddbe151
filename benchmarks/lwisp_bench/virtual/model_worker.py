"""A job of `lwisp verify --backends` in LiteRT, run by the emulated Python. Usage: python model_worker.py CPU JOB."""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from lwisp_mobile.engine.xnnpack_coverage import count_delegated


def main(cpu: str, name: str) -> None:
    """Run once and count what XNNPACK took."""
    folder = Path(name)
    job = json.loads((folder / "job.json").read_text())
    facts: dict[str, Any] = {"device": f"{cpu} in qemu-user", "versions": f"LiteRT {version('ai-edge-litert')} (arm64)"}
    try:
        interpreter = Interpreter(str(folder / job["model"]), num_threads=1)
        interpreter.allocate_tensors()
        covered = count_delegated(interpreter)
        outputs = interpreter.get_signature_runner(job["signature"])(**_inputs(folder, job))
    except (RuntimeError, ValueError) as error:
        (folder / "answer.json").write_text(json.dumps({**facts, "refused": " ".join(str(error).split())}))
        return
    for each in job["outputs"]:
        outputs[each["name"]].tofile(folder / each["file"])
    left = f"built-in kernels run {', '.join(sorted({*covered.undelegated}))}" if covered.undelegated else ""
    counts = {"taken": covered.delegated_nodes, "operators": covered.total_nodes, "partitions": covered.partitions}
    (folder / "answer.json").write_text(json.dumps({**facts, **counts, "note": left}))


def _inputs(folder: Path, job: dict[str, Any]) -> dict[str, np.ndarray]:
    return {
        each["name"]: np.fromfile(folder / each["file"], each["dtype"]).reshape(each["shape"]) for each in job["inputs"]
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
