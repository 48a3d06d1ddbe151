"""The demo: export the shipped checkpoint, verify it, develop a RAW, time it, write one page."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.checking import check_bundle
from lwisp_export.export import Exported, ExportPaths, export
from lwisp_export.frames import NamedRaw
from lwisp_export.report.page import DemoResult, ModelRow, write_page
from lwisp_export.verify import DriftReport
from lwisp_mobile.bundle import ModelFile
from lwisp_mobile.develop import Developed, Developer, DevelopOptions
from lwisp_mobile.graph import delegate_coverage, inspect_tflite
from lwisp_mobile.metrics import compare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.session import Session
from lwisp_mobile.timing import TimingSummary, time_runs

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
    """What a demo leaves behind."""

    report: Path
    int8_picture: Path
    float_picture: Path
    drift: DriftReport


def run_demo(options: DemoOptions, step: Callable[[str], None]) -> DemoSummary:
    """Run the whole job on one RAW; `step` is told each part as it starts."""
    options.folder.mkdir(parents=True, exist_ok=True)
    raw = read_raw(options.raw, options.hints)
    paths = ExportPaths(options.checkpoint, options.folder / "bundle", options.folder / "work")
    exported = export(paths, (), step)
    drift = check_bundle(exported, options.checkpoint, [NamedRaw(options.raw.name, raw)], step)
    step("developing")
    pictures = {p: _develop(options, exported, p) for p in ("int8", "fp16")}
    step("timing")
    rows = tuple(_model_row(options, exported, model, pictures) for model in exported.bundle.models)
    step("writing the report")
    page = options.folder / "report.html"
    write_page(page, _result(options, exported, drift, rows))
    return DemoSummary(page, pictures["int8"].output, pictures["fp16"].output, drift)


def _develop(options: DemoOptions, exported: Exported, precision: str) -> Developed:
    output = options.folder / f"{options.raw.stem}.{precision}.png"
    with Developer(exported.bundle, precision=precision, threads=options.threads) as developer:
        return developer.develop_file(options.raw, output, DevelopOptions(hints=options.hints), lambda _part: None)


def _model_row(options: DemoOptions, exported: Exported, model: ModelFile, pictures: dict[str, Developed]) -> ModelRow:
    precision = model.contract.precision
    data = exported.bundle.read(precision)
    return ModelRow(
        file=model,
        facts=inspect_tflite(data),
        coverage=delegate_coverage(data),
        timing=_time(data, model, options.threads),
        timed_px=TIMED_PACKED_PX * model.contract.output_scale,
        time=pictures[precision].time,
    )


def _time(data: bytes, model: ModelFile, threads: int) -> TimingSummary:
    shape = (TIMED_PACKED_PX, TIMED_PACKED_PX, len(model.contract.input.planes))
    packed = np.random.default_rng(0).random(shape, dtype=np.float32)
    with Session(data, model.contract, threads=threads) as session:
        return time_runs(lambda: session.run(packed), TIMED_RUNS).summary


def _result(options: DemoOptions, exported: Exported, drift: DriftReport, rows: tuple[ModelRow, ...]) -> DemoResult:
    raw = read_raw(options.raw, options.hints)
    rgb: dict[str, NDArray[np.float32]] = {}
    for precision in ("fp16", "int8"):
        with Developer(exported.bundle, precision=precision, threads=options.threads) as developer:
            rgb[precision] = developer.develop(raw)
            packed = developer.prepare(raw, 0.0).planes
    return DemoResult(
        source=options.raw.name,
        notes=raw.notes,
        packed=packed,
        float_rgb=rgb["fp16"],
        int8_rgb=rgb["int8"],
        drift_of_raw=compare(rgb["int8"], rgb["fp16"]),
        drift=drift,
        models=rows,
        machine=f"{platform.machine()}, {_processor()}",
        threads=options.threads,
    )


def _processor() -> str:
    """The processor's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
