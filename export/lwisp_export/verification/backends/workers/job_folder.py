"""A job's folder, as lwisp_mobile.engine.backend_program describes it; numpy only, for every environment."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def read_job(folder: str) -> dict[str, Any]:
    """job.json."""
    job: dict[str, Any] = json.loads((Path(folder) / "job.json").read_text())
    return job


def read_inputs(folder: str, job: dict[str, Any]) -> dict[str, np.ndarray]:
    """The inputs by name."""
    return {
        each["name"]: np.fromfile(Path(folder) / each["file"], each["dtype"]).reshape(each["shape"])
        for each in job["inputs"]
    }


def write_outputs(folder: str, job: dict[str, Any], outputs: dict[str, np.ndarray]) -> None:
    """The outputs' files."""
    for each in job["outputs"]:
        outputs[each["name"]].astype(each["dtype"], copy=False).tofile(Path(folder) / each["file"])


def answer(folder: str, **fields: Any) -> None:
    """answer.json."""
    (Path(folder) / "answer.json").write_text(json.dumps(fields))
