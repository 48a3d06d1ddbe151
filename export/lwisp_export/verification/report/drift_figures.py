"""The drift report as data: everything the page shows, and what `drift_report.json` contains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lwisp_export.drift.image_detail import ImageDetail, measure_image
from lwisp_export.drift.layer_noise import LayerNoise, measure_layers
from lwisp_export.drift.stage_drift import UNLIMITED, ImageDrift, Picture, StageDrift, summarise
from lwisp_export.quantization.search import QuantizationReport
from lwisp_export.verification.bundle_check import DriftCheck
from lwisp_mobile.bundle.bundle import Bundle, ModelFile
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.session import Session
from lwisp_mobile.inspect.audit import StrictReport, examine
from lwisp_mobile.inspect.model_facts import OpCount, delegate_coverage, inspect_tflite

REPORT_VERSION = 1
LAYER_TILES = 4


@dataclass(frozen=True)
class GroupDrift:
    """Images of one ISO or one exposure together."""

    value: float
    images: int
    median_psnr_db: float | None
    """INT8 against float; None where the pictures are equal."""
    worst_psnr_db: float | None
    delta_e_mean: float
    loss_db: float | None
    """PSNR against the ground truth that INT8 loses to float, mean over the images; None without ground truth."""


@dataclass(frozen=True)
class ModelFacts:
    """One model of the bundle."""

    file: str
    precision: str
    bytes: int
    operations: tuple[OpCount, ...]
    coverage: Coverage
    arithmetic: StrictReport


@dataclass(frozen=True)
class DriftFigures:
    """A bundle's INT8 against its float checkpoint."""

    bundle: str
    checkpoint_sha256: str
    gate: str
    """What the stages' budgets are, in words."""
    stages: tuple[StageDrift, ...]
    images: tuple[ImageDetail, ...]
    by_iso: tuple[GroupDrift, ...]
    by_exposure: tuple[GroupDrift, ...]
    layers: tuple[LayerNoise, ...]
    layer_tiles: int
    """Tiles that the layers were measured on."""
    models: tuple[ModelFacts, ...]
    search: QuantizationReport | None
    """The budget search that chose this INT8; None where there was none."""
    report_version: int = REPORT_VERSION


@dataclass(frozen=True)
class Shown:
    """The pictures of one image, (2h, 2w, 3) sRGB in [0, 1] each."""

    detail: ImageDetail
    in_float: Picture
    in_int8: Picture


def measure_drift_figures(
    bundle: Bundle, check: DriftCheck, search: QuantizationReport | None
) -> tuple[DriftFigures, tuple[Shown, ...]]:
    """The figures of a check of a bundle's models, and its pictures. Runs INT8 once more and layer by layer."""
    run = Session(bundle.read("int8"), bundle.model("int8").contract).run
    pictures = [(tile, in_float, run(tile.packed)) for tile, in_float in zip(check.tiles, check.references)]
    shown = tuple(Shown(measure_image(*found), *found[1:]) for found in pictures)
    details = tuple(found.detail for found in shown)
    spread = np.linspace(0, len(check.tiles) - 1, min(LAYER_TILES, len(check.tiles))).round().astype(int)
    figures = DriftFigures(
        bundle=bundle.name,
        checkpoint_sha256=check.record.checkpoint_sha256,
        gate=check.record.gate,
        stages=check.record.stages,
        images=details,
        by_iso=_groups(details, [found.iso for found in details]),
        by_exposure=_groups(details, [found.exposure_ev for found in details]),
        layers=measure_layers(bundle.read("fp16"), bundle.read("int8"), [check.tiles[i] for i in spread]),
        layer_tiles=len(spread),
        models=tuple(_facts(bundle, model) for model in bundle.models),
        search=search,
    )
    return figures, shown


def _groups(images: Sequence[ImageDetail], values: Sequence[float | None]) -> tuple[GroupDrift, ...]:
    known = sorted({value for value in values if value is not None})
    return tuple(_group(value, [i for i, other in zip(images, values) if other == value]) for value in known)


def _group(value: float, images: Sequence[ImageDetail]) -> GroupDrift:
    drift = summarise("int8", tuple(ImageDrift(i.image, i.int8_against_float) for i in images), UNLIMITED)
    pairs = [(i.float_psnr_db, i.int8_psnr_db) for i in images]
    losses = [before - after for before, after in pairs if before is not None and after is not None]
    loss_db = float(np.mean(losses)) if losses else None
    return GroupDrift(value, len(images), drift.median_psnr_db, drift.worst_psnr_db, drift.delta_e_mean, loss_db)


def _facts(bundle: Bundle, model: ModelFile) -> ModelFacts:
    data = bundle.read(model.contract.precision)
    operations, coverage = inspect_tflite(data).ops, delegate_coverage(data)
    return ModelFacts(model.file, model.contract.precision, model.bytes, operations, coverage, examine(data))
