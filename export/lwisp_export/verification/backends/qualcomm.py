"""Qualcomm's HTP: compiled for each of its chips, and run bit by bit in the emulator that its packages carry."""

import tempfile
from dataclasses import replace
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from lwisp_export.conversion.environment import is_made, package_version, tool_python
from lwisp_export.conversion.qualcomm import CHIPS, CompiledForNpu, compile_for_qualcomm, qualcomm_tool
from lwisp_export.errors import ConversionError
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.process import answered, call_program, worker_command
from lwisp_export.verification.backends.subject import Subject
from lwisp_export.verification.backends.tools import how_to_install
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.compiled import NpuProgram, read_programs
from lwisp_mobile.tflite.graph import Graph

_EMULATED = "SM8650"
"""The chip whose program the emulator runs."""
_WRAPPED_OPSET = 20


def run_qualcomm(subject: Subject, progress: Progress) -> Answer:
    """Compile the called signature for every chip; run one chip's program in the emulator."""
    tool = qualcomm_tool()
    if not is_made(tool):
        return Answer("absent", how_to_install("qualcomm", tool))
    compiled: dict[str, CompiledForNpu] = {}
    for chip in CHIPS:
        progress(f"  {chip}")
        try:
            compiled[chip] = compile_for_qualcomm(subject.single, chip, progress)
        except ConversionError as error:
            return Answer("refused", str(error), versions=_versions())
    worst = min(compiled.values(), key=lambda found: found.taken)
    if worst.taken < worst.operators:
        answer = Answer("refused", _left(compiled, subject), kind="emulator", versions=_versions())
    else:
        answer = _emulate(subject, compiled[_EMULATED])
    return replace(answer, taken=worst.taken, operators=worst.operators, partitions=worst.partitions)


def _left(compiled: dict[str, CompiledForNpu], subject: Subject) -> str:
    """The operators that a compiler leaves to the CPU."""
    chips = [chip for chip, found in compiled.items() if found.taken < found.operators]
    model = compiled[chips[0]].model
    left = sorted({o.custom_kind or o.kind for o in Graph.parse(model or subject.single).operators} - {"DISPATCH_OP"})
    return f"{', '.join(chips)} leave to the CPU: {', '.join(left)}"


def _emulate(subject: Subject, compiled: CompiledForNpu) -> Answer:
    python = tool_python(qualcomm_tool(), lambda _: None)
    with tempfile.TemporaryDirectory(prefix="lwisp-htp-") as name:
        wrapped = Path(name) / "program.onnx"
        (program,) = read_programs(compiled.model or b"")
        onnx.save(_wrap(program), wrapped)
        command = worker_command("htp_worker.py", str(wrapped), python=str(python))
        found = answered(call_program(command, subject, subject.single, "emulator"))
    return Answer(
        found.verdict,
        found.detail or f"compiled for {', '.join(CHIPS)}",
        device=f"Hexagon emulator, {_EMULATED}'s program",
        kind="emulator",
        versions=_versions(),
        outputs=found.outputs,
    )


def _wrap(program: NpuProgram) -> onnx.ModelProto:
    """A program as an ONNX of one node, which ONNX Runtime hands to Qualcomm's library as it is."""
    inputs = [
        helper.make_tensor_value_info(f"input_{i}", _type(t.dtype), t.shape) for i, t in enumerate(program.inputs)
    ]
    outputs = [
        helper.make_tensor_value_info(f"output_{i}", _type(t.dtype), t.shape) for i, t in enumerate(program.outputs)
    ]
    node = helper.make_node(
        "EPContext",
        [value.name for value in inputs],
        [value.name for value in outputs],
        name=program.name,
        domain="com.microsoft",
        main_context=1,
        ep_cache_context=program.program,
        embed_mode=1,
        source="QNNExecutionProvider",
        partition_name=program.name,
        max_size=0,
    )
    opsets = [helper.make_opsetid("", _WRAPPED_OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(helper.make_graph([node], "npu", inputs, outputs), opset_imports=opsets, ir_version=10)


def _type(dtype: str) -> int:
    return int(TensorProto.DataType.Value({"float32": "FLOAT"}.get(dtype, dtype.upper())))


def _versions() -> str:
    return f"onnxruntime-qnn {package_version(qualcomm_tool(), 'onnxruntime_qnn')} (QAIRT 2.51)"
