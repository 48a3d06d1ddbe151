"""LiteRT's own backends: XNNPACK on this CPU, the GPU, and the NPU of Intel's plugin."""

import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from lwisp_export.conversion.environment import find_package, package_version
from lwisp_export.conversion.logged_run import library_path
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.process import (
    Finished,
    answered,
    call_program,
    worker_command,
)
from lwisp_export.verification.backends.software_gpu import INSTALL_ADVICE, find_software_gpu
from lwisp_export.verification.backends.subject import Subject
from lwisp_export.verification.backends.tools import OPENVINO, how_to_install
from lwisp_mobile.engine.accelerator_log import parse_log
from lwisp_mobile.engine.xnnpack_coverage import signature_coverage
from lwisp_mobile.errors import ModelError

_WORKER = "litert_worker.py"


def run_xnnpack(subject: Subject) -> Answer:
    """XNNPACK on this machine's CPU, over all signatures."""
    versions, device = f"LiteRT {version('ai-edge-litert')}", cpu_name()
    try:
        coverage = signature_coverage(subject.model).values()
    except ModelError as error:
        return Answer("refused", str(error), device=device, kind="hardware", versions=versions)
    taken, operators = (sum(getattr(c, name) for c in coverage) for name in ("delegated_nodes", "total_nodes"))
    left = sorted({kind for found in coverage for kind in found.undelegated})
    return Answer(
        "accepted",
        f"built-in kernels run {', '.join(left)}" if left else "",
        taken,
        operators,
        max(found.partitions for found in coverage),
        device,
        "hardware",
        versions,
        subject.on_cpu,
    )


def run_gpu(subject: Subject, precision: str) -> Answer:
    """The GPU in LiteRT's WebGPU backend: this machine's, else the software device. precision: fp16 or fp32."""
    command = worker_command(_WORKER, "gpu", f"precision={precision}")
    finished = call_program(command, subject, subject.model, "hardware")
    if parse_log(finished.log, "gpu").missing:
        variables = find_software_gpu()
        if variables is None:
            return Answer("absent", INSTALL_ADVICE)
        finished = call_program(command, subject, subject.model, "software device", variables)
    return _accelerated(finished, subject, "gpu")


def run_openvino(subject: Subject) -> Answer:
    """Intel's plugin with OpenVINO on the CPU, as its NPU's stand-in; it takes one signature."""
    package = find_package(OPENVINO, "openvino")
    if package is None:
        return Answer("absent", how_to_install("openvino", OPENVINO))
    command = worker_command(_WORKER, "npu", "openvino.graph_backend=CPU")
    variables = library_path(package / "libs")
    finished = call_program(command, subject, subject.single, "software device", variables)
    answer = _accelerated(finished, subject, "npu")
    versions = f"{answer.versions}, OpenVINO {package_version(OPENVINO, 'openvino')}"
    return replace(answer, device=f"OpenVINO on {cpu_name()}", versions=versions)


def _accelerated(finished: Finished, subject: Subject, accelerator: str) -> Answer:
    """A worker's answer with what only its log tells."""
    log, found = parse_log(finished.log, accelerator), answered(finished)
    operators = subject.all_operators if accelerator == "gpu" else subject.operators
    found = replace(
        found,
        operators=operators,
        device=log.adapter or found.device,
        kind="software device" if log.software else found.kind,
    )
    if found.verdict == "accepted":
        return replace(found, taken=operators, partitions=1)
    left = sum(total - taken for taken, total in log.split)
    reasons = " ".join(log.refused) or "; ".join(log.missing) or f"{found.detail}{_errors(finished.log)}"
    return replace(found, detail=reasons, taken=operators - left if log.split else None)


def _errors(log: str) -> str:
    """What else the log calls an error, but for places in LiteRT's source."""
    found = [line.removeprefix("ERROR: ").strip() for line in log.splitlines() if line.startswith("ERROR: ")]
    return "".join(f"; {line}" for line in dict.fromkeys(found) if not line.startswith("["))


def cpu_name() -> str:
    """The processor's name as Linux has it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
