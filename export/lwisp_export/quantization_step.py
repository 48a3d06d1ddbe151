"""The quantising step of an export: its options, calibration set and recipe, and what the bundle keeps of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.calibration.calibration_set import CalibrationSet, load_set
from lwisp_export.calibration.collection import collect, frame_sources
from lwisp_export.calibration.provenance import Provenance, stamp_calibration, tile_uses, write_provenance
from lwisp_export.drift.evaluation_tiles import evaluation_tiles
from lwisp_export.quantization.preparation import Ranges
from lwisp_export.quantization.quantization_recipe import CALIBRATED_RECIPE, QuantizationRecipe, to_toml
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.search import (
    DriftBudget,
    Material,
    QuantizationReport,
    default_quantization,
    quantize_within_budget,
)
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
    """A set that `lwisp calibrate` wrote; None: the frames given to the export. Without either: synthetic frames, where
    the recipe needs any."""


DEFAULT_OPTIONS = QuantizeOptions()


@dataclass(frozen=True)
class Quantized:
    """An int8 model and how it came about."""

    model: Graph
    recipe: QuantizationRecipe
    provenance: Provenance
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

    frames: to calibrate with where the options name no set; none: the frames made from photographs, if the recipe needs
    any. contract: how the student's input is prepared. trained: ranges of a checkpoint that was trained for INT8.
    Errors as for `quantize_int8` and `load_set`; UsageError for frames or a set which the recipe's ranges don't follow.
    """
    own_tiles = bool(frames) or options.calibration is not None
    recipe = options.recipe or default_quantization(trained=trained is not None, calibrated=own_tiles)
    if own_tiles:
        _check_ranges_follow(recipe)
    if options.budget is None:
        needs_tiles = bool(tile_uses(recipe))
        calibration = _calibration(float_model, frames, contract, tile_px, options) if needs_tiles else None
        tiles = _examined_tiles(calibration, progress)
        return _finish(quantize_int8(float_model, tiles, recipe, trained), recipe, calibration, None)
    calibration = _calibration(float_model, frames, contract, tile_px, options)
    tiles = _examined_tiles(calibration, progress)
    material = Material(float_model, tuple(tiles), evaluation_tiles(contract, tile_px), trained, own_tiles)
    found = quantize_within_budget(material, options.budget, options.recipe, progress)
    return _finish(found.model, found.recipe, calibration, found.report)


def _check_ranges_follow(recipe: QuantizationRecipe) -> None:
    """Refuse calibration frames that would change nothing of what ships."""
    if recipe.activations.estimator == "trained" or "ranges" not in tile_uses(recipe):
        raise UsageError(
            f"The quantisation {recipe.name} takes no activation ranges from calibration frames, so they would "
            f"change nothing. Choose --quantization {CALIBRATED_RECIPE} (trained ranges, narrowed to what the frames "
            "reach) or mse (measured on the frames alone), or leave out --calibration and --calibrate."
        )


def _examined_tiles(calibration: CalibrationSet | None, progress: Progress) -> list[NDArray[np.float32]]:
    """A set's tiles, after a warning for each of its findings."""
    if calibration is None:
        return []
    for finding in calibration.manifest.findings:
        progress(f"warning, calibration: {finding.kind}: {finding.message}")
    return [tile.packed for tile in calibration.tiles]


def _finish(
    model: Graph, recipe: QuantizationRecipe, calibration: CalibrationSet | None, report: QuantizationReport | None
) -> Quantized:
    """The model, stamped with the tiles that had a part in it, and its provenance."""
    uses, digest, manifest = tile_uses(recipe), None, None
    if uses and calibration is not None:
        model, digest = stamp_calibration(model, (tile.packed for tile in calibration.tiles))
        manifest = calibration.manifest
    provenance = Provenance(recipe.name, recipe.activations.estimator, uses, digest, manifest)
    return Quantized(model, recipe, provenance, report)


def write_quantization(folder: Path, quantized: Quantized) -> None:
    """Write into a bundle's folder what its int8 was made by: recipe, provenance, and the table if any."""
    with atomic_write(folder / RECIPE_FILE) as temporary:
        temporary.write_text(to_toml(quantized.recipe), encoding="utf-8")
    write_provenance(folder, quantized.provenance)
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
