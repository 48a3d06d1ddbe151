"""Backends in processes of their own: a driver or a compiler may crash, and each wants its own libraries."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from lwisp_export.conversion.logged_run import log_tail, run_logged
from lwisp_export.errors import ConversionError
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.subject import Subject, Tensors
from lwisp_mobile.child_process import python_command
from lwisp_mobile.engine.backend_program import ANSWER_FILE, JOB_FILE, Kind, ProgramAnswer
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json


@dataclass(frozen=True)
class Finished:
    """What is left of a process."""

    answer: Answer | None
    """None where it ended without one."""
    log: str
    """What it wrote on stdout and stderr."""


def worker_command(name: str, *arguments: str, python: str | None = None) -> tuple[str, ...]:
    """A script of the folder `workers`, run by this interpreter, or by that of another environment."""
    with as_file(files(__package__) / "workers" / name) as script:
        if python is None:
            return tuple(python_command(str(script), *arguments))
        return (python, "-I", str(script), *arguments)


def call_program(
    command: Sequence[str], subject: Subject, model: bytes, kind: Kind, variables: Mapping[str, str] | None = None
) -> Finished:
    """Call a program as `backend_program` describes. model: what it's given. variables: beside the environment's."""
    with tempfile.TemporaryDirectory(prefix="lwisp-backend-") as name:
        folder = Path(name)
        expected = _write_job(folder, subject, model)
        log = run_logged([*command, name], variables)
        if not (folder / ANSWER_FILE).exists():
            return Finished(None, log)
        found = from_dict(
            ProgramAnswer, json.loads((folder / ANSWER_FILE).read_text()), " ".join(command), ConversionError
        )
        outputs = None if found.refused else _read(folder, expected)
        answer = Answer(
            "refused" if found.refused else "accepted",
            found.refused or found.note,
            found.taken,
            found.operators,
            found.partitions,
            found.device,
            kind,
            found.versions,
            outputs,
        )
        return Finished(answer, log)


def answered(finished: Finished) -> Answer:
    """A process's answer; where it ended without one, the end of its log as a refusal."""
    return finished.answer or Answer("refused", f"its process ended without an answer: {log_tail(finished.log)}")


def _write_job(folder: Path, subject: Subject, model: bytes) -> Tensors:
    """Write a job; returns empty arrays in the outputs' types and shapes."""
    (folder / "model.tflite").write_bytes(model)
    for name, values in subject.inputs.items():
        np.ascontiguousarray(values).tofile(folder / f"{name}.in.bin")
    outputs = {name: np.empty(tensor.shape, tensor.dtype) for name, tensor in subject.output_tensors.items()}
    job = {
        "model": "model.tflite",
        "signature": subject.signature,
        "inputs": _describe(subject.inputs, "in"),
        "outputs": _describe(outputs, "out"),
    }
    (folder / JOB_FILE).write_text(to_json(job))
    return outputs


def _describe(tensors: Tensors, direction: str) -> list[dict[str, object]]:
    return [
        {"name": name, "file": f"{name}.{direction}.bin", "dtype": str(values.dtype), "shape": list(values.shape)}
        for name, values in tensors.items()
    ]


def _read(folder: Path, expected: Tensors) -> Tensors:
    return {
        name: np.fromfile(folder / f"{name}.out.bin", like.dtype).reshape(like.shape) for name, like in expected.items()
    }
