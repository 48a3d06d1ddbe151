"""Runtimes beside LiteRT, and the programs that other packages add."""

import tempfile
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from lwisp_export.conversion.environment import is_made, tool_python
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.tiles import TILE_PX
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.litert import cpu_name
from lwisp_export.verification.backends.process import answered, call_program, worker_command
from lwisp_export.verification.backends.subject import Subject
from lwisp_export.verification.backends.tools import TFLITE_RUNTIME, how_to_install
from lwisp_export.verification.stages import onnx_run
from lwisp_mobile.engine.backend_program import PROGRAM_GROUP, BackendProgram


def run_tflite_runtime(subject: Subject) -> Answer:
    """tflite-runtime 2.14 on this machine's CPU."""
    if not is_made(TFLITE_RUNTIME):
        return Answer("absent", how_to_install("tflite-runtime", TFLITE_RUNTIME))
    python = str(tool_python(TFLITE_RUNTIME, lambda _: None))
    command = worker_command("tflite_runtime_worker.py", python=python)
    return replace(answered(call_program(command, subject, subject.single, "hardware")), device=cpu_name())


def run_onnxruntime(subject: Subject) -> Answer:
    """ONNX Runtime's CPU provider on the checkpoint's ONNX, in float: it doesn't read .tflite."""
    if subject.checkpoint is None or subject.precision == "int8":
        return Answer("not applicable", "it runs the float ONNX of a checkpoint, not a .tflite: give --checkpoint")
    from onnxruntime import __version__ as version  # noqa: PLC0415 (slow to load)

    with tempfile.TemporaryDirectory(prefix="lwisp-onnx-") as name:
        path = Path(name) / "student.onnx"
        export_onnx(Reference(subject.checkpoint).student, path, TILE_PX)
        picture = onnx_run(path)(np.asarray(subject.inputs["packed"][0], np.float32))
    outputs = {"rgb": picture[None]}
    return Answer(
        "accepted",
        "the float ONNX",
        device=cpu_name(),
        kind="hardware",
        versions=f"ONNX Runtime {version}",
        outputs=outputs,
    )


def run_program(name: str, subject: Subject) -> Answer:
    """A backend that another package adds, by its entry point's name."""
    found = next(iter(entry_points(group=PROGRAM_GROUP, name=name)), None)
    if found is None:
        return Answer("absent", f"no package here adds it (entry point {name!r} in the group {PROGRAM_GROUP!r})")
    program: BackendProgram = found.load()()
    if program.missing:
        return Answer("absent", program.missing)
    return answered(call_program(program.command, subject, subject.single, program.kind))
