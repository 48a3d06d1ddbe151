"""The backends by name, in the order of their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from lwisp_export.conversion.environment import Tool, tool_python
from lwisp_export.conversion.qualcomm import qualcomm_tool
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.ethos_u import CORE, run_ethos_u
from lwisp_export.verification.backends.litert import run_gpu, run_openvino, run_xnnpack
from lwisp_export.verification.backends.other_runtimes import run_onnxruntime, run_program, run_tflite_runtime
from lwisp_export.verification.backends.qualcomm import run_qualcomm
from lwisp_export.verification.backends.software_gpu import install_software_gpu
from lwisp_export.verification.backends.subject import Subject
from lwisp_export.verification.backends.tools import ETHOS_U, OPENVINO, TFLITE_RUNTIME
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress


@dataclass(frozen=True)
class Backend:
    """One row's backend."""

    name: str
    """In --backends."""
    title: str
    run: Callable[[Subject, Progress], Answer]
    install: Callable[[Progress], object] | None = None
    """Gets what it needs, pinned; None: it needs nothing, or another package's own command."""


def _plain(run: Callable[[Subject], Answer]) -> Callable[[Subject, Progress], Answer]:
    return lambda subject, _progress: run(subject)


def _installer(tool: Tool) -> Callable[[Progress], object]:
    return partial(tool_python, tool)


BACKENDS = (
    Backend("xnnpack", "LiteRT CPU (XNNPACK)", _plain(run_xnnpack)),
    Backend("xnnpack-arm64", "LiteRT CPU (XNNPACK), arm64", _plain(partial(run_program, "xnnpack-arm64"))),
    Backend("gpu", "LiteRT GPU (WebGPU), fp16", _plain(partial(run_gpu, precision="fp16")), install_software_gpu),
    Backend("gpu-fp32", "LiteRT GPU (WebGPU), fp32", _plain(partial(run_gpu, precision="fp32")), install_software_gpu),
    Backend("qualcomm", "Qualcomm HTP", run_qualcomm, _installer(qualcomm_tool())),
    Backend("openvino", "Intel OpenVINO plugin", _plain(run_openvino), _installer(OPENVINO)),
    Backend("ethos-u", f"Arm {CORE} (Vela)", _plain(run_ethos_u), _installer(ETHOS_U)),
    Backend("browser-wasm", "browser, wasm", _plain(partial(run_program, "browser-wasm"))),
    Backend("browser-webgpu", "browser, WebGPU", _plain(partial(run_program, "browser-webgpu"))),
    Backend("onnxruntime", "ONNX Runtime CPU", _plain(run_onnxruntime)),
    Backend("tflite-runtime", "tflite-runtime CPU", _plain(run_tflite_runtime), _installer(TFLITE_RUNTIME)),
)


def choose_backends(names: Sequence[str]) -> tuple[Backend, ...]:
    """Backends by name; all without names. Raises UsageError on a name that there isn't."""
    known = {backend.name: backend for backend in BACKENDS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"No backend {unknown[0]!r}; there are: {', '.join(known)}.")
    return tuple(known[name] for name in names) or BACKENDS
