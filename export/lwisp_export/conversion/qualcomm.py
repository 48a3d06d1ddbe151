"""A model compiled for the NPU of a Qualcomm chip, by LiteRT's plugin and Qualcomm's compiler; no phone is needed.

The result is a .tflite whose graphs are single DISPATCH_OP operators with the NPU's program, for this chip alone.
"""

import tempfile
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from lwisp_export.conversion.environment import Tool, find_package, tool_python
from lwisp_export.conversion.logged_run import library_path, log_tail, run_logged
from lwisp_export.errors import ConversionError
from lwisp_mobile.engine.accelerator_log import parse_log
from lwisp_mobile.progress import Progress

CHIPS = {
    "SM8350": "Snapdragon 888",
    "SM8450": "Snapdragon 8 Gen 1",
    "SM8550": "Snapdragon 8 Gen 2",
    "SM8650": "Snapdragon 8 Gen 3",
    "SM8750": "Snapdragon 8 Elite",
    "SM8850": "Snapdragon 8 Elite Gen 5",
}
"""Those that were tried, by the model numbers of which `getprop ro.soc.model` is one."""
_LACKED = "libQnnLpai.so"
"""Named by LiteRT's plugin and in no package; nothing of it is called, so any library may stand in its place."""


@dataclass(frozen=True)
class CompiledForNpu:
    """A compiler's result."""

    model: bytes | None
    """None where the compiler takes no operator."""
    taken: int
    operators: int
    partitions: int
    """Over all subgraphs; one each is the best there is."""
    log: str


def qualcomm_tool() -> Tool:
    """Qualcomm's compiler and emulator."""
    text = (files(__package__) / "qualcomm.txt").read_text(encoding="utf-8")
    return Tool("qualcomm", "Qualcomm's compiler and emulator", text, "330 MB, about a minute")


def compile_for_qualcomm(model: bytes, chip: str, progress: Progress) -> CompiledForNpu:
    """Compile every subgraph of a model. chip: as SM8650. Installs the compiler on first use.

    Raises ConversionError if the compiler can't be installed or knows no such chip.
    """
    tool_python(qualcomm_tool(), progress)
    libraries = find_package(qualcomm_tool(), "onnxruntime_qnn")
    if libraries is None:
        raise ConversionError("Qualcomm's compiler isn't in its environment. Its wheels are for Linux on x86-64.")
    with tempfile.TemporaryDirectory(prefix="lwisp-qualcomm-") as name:
        folder = Path(name)
        (folder / _LACKED).symlink_to(libraries / "libQnnSystem.so")
        source, result = folder / "model.tflite", folder / "compiled.tflite"
        source.write_bytes(model)
        litert = _litert()
        command = [
            *(str(litert / "tools" / "apply_plugin_main"), "--cmd=apply", f"--model={source}", f"--o={result}"),
            *("--soc_manufacturer=Qualcomm", f"--soc_model={chip}", "--err=--"),
            f"--libs={litert / 'vendors' / 'qualcomm' / 'compiler'}",
        ]
        log = run_logged(command, library_path(folder, libraries, litert))
        return _read(result, log, chip)


def _read(result: Path, log: str, chip: str) -> CompiledForNpu:
    found = parse_log(log, "npu")
    if not result.exists() and not found.split:
        raise ConversionError(
            f"Qualcomm's compiler gave nothing for {chip} ({log_tail(log)}). Chips that were tried: {', '.join(CHIPS)}."
        )
    taken, operators = (sum(counts) for counts in zip(*found.split))
    model = result.read_bytes() if result.exists() and taken else None
    return CompiledForNpu(model, taken, operators, found.partitions, log)


def _litert() -> Path:
    found = find_spec("ai_edge_litert")
    if found is None or found.origin is None:
        raise ConversionError("ai-edge-litert isn't installed. Run: pip install 'lwisp-mobile[export]'")
    return Path(found.origin).parent
