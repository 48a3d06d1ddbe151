"""The quantising step of an export: its options, calibration set and recipe, and what the bundle keeps of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.calibration.calibration_set import CalibrationSet, load_set, write_manifest
from lwisp_export.calibration.collection import collect, frame_sources
from lwisp_export.drift.evaluation_tiles import evaluation_tiles
from lwisp_export.quantization.preparation import Ranges
from lwisp_export.quantization.quantization_recipe import (
    DEFAULT_RECIPE,
    TRAINED_RECIPE,
    QuantizationRecipe,
    find_quantization,
    to_toml,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.search import DriftBudget, Material, QuantizationReport, quantize_within_budget
from lwisp_export.synthesis.builtin_frames import calibration_frames, evaluation_frames
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json
from lwisp_mobile.tflite.graph import Graph

RECIPE_FILE = "quantization.toml"
REPORT_FILE = "quantization.json"


@dataclass(frozen=True)
class QuantizeOptions:
    """How an export goes to int8."""

    recipe: QuantizationRecipe | None = None
    """None: the one that suits the checkpoint, or with a budget the first that meets it."""
    budget: DriftBudget | None = None
    calibration: Path | None = None
    """A set that `lwisp calibrate` wrote; None: the frames given to the export, or those made from photographs."""


DEFAULT_OPTIONS = QuantizeOptions()


@dataclass(frozen=True)
class Quantized:
    """An int8 model and how it came about."""

    model: Graph
    recipe: QuantizationRecipe
    calibration: CalibrationSet
    report: QuantizationReport | None
    """None where no budget was given."""


def quantize(
    float_model: Graph,
    frames: Sequence[NamedRaw],
    options: QuantizeOptions,
    progress: Progress,
    *,
    contract: InputContract,
    tile_px: int,
    trained: Ranges | None = None,
) -> Quantized:
    """Calibrate and quantise a student's float model; step is called with each part and every finding on the set.

    frames: to calibrate with where the options name no set; none: the frames made from photographs. contract: how the
    student's input is prepared. trained: ranges of a checkpoint that was trained for INT8. Errors as for
    `quantize_int8` and `load_set`.
    """
    calibration = _calibration(float_model, frames, contract, tile_px, options)
    for finding in calibration.manifest.findings:
        progress(f"warning, calibration: {finding.kind}: {finding.message}")
    tiles = [tile.packed for tile in calibration.tiles]
    if options.budget is None:
        recipe = options.recipe or find_quantization(TRAINED_RECIPE if trained else DEFAULT_RECIPE)
        return Quantized(quantize_int8(float_model, tiles, recipe, trained), recipe, calibration, None)
    material = Material(float_model, tuple(tiles), evaluation_tiles(contract, tile_px), trained)
    found = quantize_within_budget(material, options.budget, options.recipe, progress)
    return Quantized(found.model, found.recipe, calibration, found.report)


def write_quantization(folder: Path, quantized: Quantized) -> None:
    """Write into a bundle's folder what its int8 was made by: recipe, calibration manifest, and the table if any."""
    with atomic_write(folder / RECIPE_FILE) as temporary:
        temporary.write_text(to_toml(quantized.recipe), encoding="utf-8")
    write_manifest(folder, quantized.calibration.manifest)
    report = folder / REPORT_FILE
    if quantized.report is None:
        report.unlink(missing_ok=True)  # one of an earlier export would describe another model
        return
    with atomic_write(report) as temporary:
        temporary.write_text(to_json(quantized.report) + "\n", encoding="utf-8")


def _calibration(
    float_model: Graph,
    frames: Sequence[NamedRaw],
    contract: InputContract,
    tile_px: int,
    options: QuantizeOptions,
) -> CalibrationSet:
    if options.calibration is not None:
        if frames:
            raise UsageError("Give --calibration SET or --calibrate RAW..., not both.")
        return load_set(options.calibration, contract)
    evaluation = [NamedRaw(frame.name, frame.raw) for frame in evaluation_frames()] if frames else []
    synthetic = [NamedRaw(frame.name, frame.raw) for frame in calibration_frames()] if not frames else []
    # The synthetic set is known; frames that somebody gives are examined.
    model = float_model if frames else None
    return collect(frame_sources(frames or synthetic), frame_sources(evaluation), contract, tile_px, model)
