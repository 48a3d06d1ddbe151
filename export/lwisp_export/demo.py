"""The demo: export the shipped checkpoint, verify it, develop a RAW, time it, write one page."""

import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.checked_export import export_checked
from lwisp_export.export import ExportPaths
from lwisp_export.verification.drift_record import DriftRecord
from lwisp_export.verification.report.demo_page import DemoResult, ModelRow, write_page
from lwisp_mobile.bundle.bundle import Bundle, ModelFile
from lwisp_mobile.contract import Precision
from lwisp_mobile.engine.timing import time_session
from lwisp_mobile.frame.developer import Developer, DevelopOptions
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite
from lwisp_mobile.metrics import compare
from lwisp_mobile.progress import Progress
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

TIMED_PACKED_PX = 256
TIMED_RUNS = 20


@dataclass(frozen=True)
class DemoOptions:
    """A demo's input and output."""

    raw: Path
    hints: RawHints
    checkpoint: Path
    folder: Path
    threads: int


@dataclass(frozen=True)
class DemoSummary:
    """The files a demo wrote, and the drift it measured."""

    report: Path
    int8_picture: Path
    float_picture: Path
    drift: DriftRecord


def run_demo(options: DemoOptions, progress: Progress) -> DemoSummary:
    """Run the whole job on one RAW."""
    options.folder.mkdir(parents=True, exist_ok=True)
    raw = read_raw(options.raw, options.hints)
    paths = ExportPaths(options.checkpoint, options.folder / "bundle", options.folder / "work")
    checked = export_checked(paths, (), progress)
    bundle, drift = checked.exported.bundle, checked.drift
    progress("developing and timing")
    runs = {model.contract.precision: _run_model(options, bundle, model, raw) for model in bundle.models}
    progress("writing the report")
    page = options.folder / "report.html"
    write_page(page, _result(options, raw, drift, runs))
    return DemoSummary(page, runs["int8"].output, runs["fp16"].output, drift)


@dataclass(frozen=True)
class _ModelRun:
    """One model's picture of the RAW, and its row of the report."""

    output: Path
    rgb: NDArray[np.float32]
    packed: NDArray[np.float32]
    notes: tuple[str, ...]
    row: ModelRow


def _run_model(options: DemoOptions, bundle: Bundle, model: ModelFile, raw: RawImage) -> _ModelRun:
    precision = model.contract.precision
    output = options.folder / f"{options.raw.stem}.{precision}.png"
    data = bundle.read(precision)
    with Developer(bundle, precision=precision, threads=options.threads) as developer:
        developed = developer.develop_file(options.raw, output, DevelopOptions(hints=options.hints), lambda _part: None)
        row = ModelRow(
            file=model,
            facts=inspect_tflite(data),
            coverage=delegate_coverage(data),
            timing=time_session(developer.session, TIMED_PACKED_PX, TIMED_RUNS).summary,
            timed_px=TIMED_PACKED_PX * model.contract.output_scale,
            time=developed.time,
        )
        return _ModelRun(output, developer.develop(raw), developer.prepare(raw).planes, developed.notes, row)


def _result(options: DemoOptions, raw: RawImage, drift: DriftRecord, runs: dict[Precision, _ModelRun]) -> DemoResult:
    int8, fp16 = runs["int8"], runs["fp16"]
    return DemoResult(
        source=options.raw.name,
        notes=int8.notes,
        packed=int8.packed,
        float_rgb=fp16.rgb,
        int8_rgb=int8.rgb,
        drift_of_raw=compare(int8.rgb, fp16.rgb),
        drift=drift,
        models=tuple(run.row for run in runs.values()),
        machine=f"{platform.machine()}, {_processor()}",
        threads=options.threads,
    )


def _processor() -> str:
    """The processor's name, on Linux from /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
