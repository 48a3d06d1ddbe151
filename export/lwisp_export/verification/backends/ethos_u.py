"""Arm Ethos-U: Vela compiles, counts and estimates; nothing runs, so there are no numbers of the picture."""

import csv
import re
import tempfile
from pathlib import Path

from lwisp_export.conversion.environment import is_made, package_version, tool_python
from lwisp_export.conversion.logged_run import log_tail, run_logged
from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.subject import Subject
from lwisp_export.verification.backends.tools import ETHOS_U, how_to_install

CORE = "ethos-u65-512"
_PROGRAM = "import sys; from ethosu.vela.vela import main; sys.exit(main())"
_ON_CPU = re.compile(r"CPU operators\s*=\s*(\d+)")
_ON_NPU = re.compile(r"NPU operators\s*=\s*(\d+)")
_LEFT = re.compile(r"^Warning \(supported operators\) operator: (\w+)", re.MULTILINE)


def run_ethos_u(subject: Subject) -> Answer:
    """What Vela gives the NPU of the called signature."""
    if not is_made(ETHOS_U):
        return Answer("absent", how_to_install("ethos-u", ETHOS_U))
    if subject.precision != "int8":
        return Answer("not applicable", "Ethos-U computes in int8 and int16 only")
    with tempfile.TemporaryDirectory(prefix="lwisp-vela-") as name:
        source = Path(name) / "model.tflite"
        source.write_bytes(subject.single)
        python = tool_python(ETHOS_U, lambda _: None)
        options = ["--accelerator-config", CORE, "--output-dir", name, "--show-cpu-operations"]
        log = run_logged([str(python), "-I", "-c", _PROGRAM, str(source), *options])
        return _read(log, Path(name))


def _read(log: str, folder: Path) -> Answer:
    on_cpu, on_npu = _ON_CPU.search(log), _ON_NPU.search(log)
    if on_cpu is None or on_npu is None:
        return Answer("refused", f"Vela failed: {log_tail(log)}", kind="compiler's estimate", versions=_versions())
    left, taken = int(on_cpu[1]), int(on_npu[1])
    notes = [f"the CPU runs {', '.join(sorted({*_LEFT.findall(log)}))}"] if left else []
    return Answer(
        "accepted",
        "; ".join([*notes, *_estimate(folder)]),
        taken,
        taken + left,
        device=CORE,
        kind="compiler's estimate",
        versions=_versions(),
    )


def _estimate(folder: Path) -> list[str]:
    """Inferences a second by Vela's summary."""
    for summary in folder.glob("*_summary_*.csv"):
        with summary.open(newline="") as file:
            rates = [float(row["inferences_per_second"]) for row in csv.DictReader(file)]
        return [f"Vela's own estimate: {rate:.0f} inferences/s" for rate in rates]
    return []


def _versions() -> str:
    return f"Vela {package_version(ETHOS_U, 'ethos_u_vela')}"
