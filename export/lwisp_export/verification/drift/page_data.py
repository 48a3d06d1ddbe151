"""The drift report as data: everything the page shows, and what `drift.json` holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.quantization.search import QuantizationReport
from lwisp_export.student.reference import Reference
from lwisp_export.verification.drift.images import ImageDetail, measure_image
from lwisp_export.verification.drift.judged import JudgedTile
from lwisp_export.verification.drift.layers import LayerNoise, measure_layers
from lwisp_export.verification.verify import BUDGETS, DriftReport, ImageDrift, StageDrift, summarise
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.session import Session
from lwisp_mobile.inspect.audit import StrictReport, examine
from lwisp_mobile.inspect.model_facts import Coverage, OpCount, delegate_coverage, inspect_tflite
from lwisp_mobile.metrics import compare

REPORT_VERSION = 1
LAYER_TILES = 4

Picture = NDArray[np.float32]


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
    """PSNR against the truth that INT8 loses to float, mean over the images; None without truths."""


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
class DriftPage:
    """A bundle's INT8 against its float checkpoint."""

    bundle: str
    checkpoint_sha256: str
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


def measure_drift_page(
    bundle: Bundle,
    reference: Reference,
    judged: Sequence[JudgedTile],
    search: QuantizationReport | None,
    step: Callable[[str], None],
) -> tuple[DriftPage, tuple[Shown, ...]]:
    """Run every tile through the float checkpoint and the bundle's models; `step` is told each part."""
    step("torch")
    truths = [reference.run(found.tile.packed) for found in judged]
    stages, pictures = [], dict[str, list[Picture]]()
    for model in sorted(bundle.models, key=lambda model: model.contract.precision):
        precision = model.contract.precision
        step(precision)
        run = Session(bundle.read(precision), model.contract).run
        pictures[precision] = [run(found.tile.packed) for found in judged]
        drifts = (compare(picture, truth) for picture, truth in zip(pictures[precision], truths))
        images = tuple(ImageDrift(found.tile.name, drift) for found, drift in zip(judged, drifts))
        stages.append(summarise(precision, images, BUDGETS[precision]))
    shown = tuple(
        Shown(measure_image(found, truth, picture), truth, picture)
        for found, truth, picture in zip(judged, truths, pictures["int8"])
    )
    step("layers")
    details = tuple(found.detail for found in shown)
    spread = np.linspace(0, len(judged) - 1, min(LAYER_TILES, len(judged))).round().astype(int)
    page = DriftPage(
        bundle=bundle.name,
        checkpoint_sha256=bundle.models[0].contract.weights_sha256,
        stages=tuple(stages),
        images=details,
        by_iso=_groups(details, [found.iso for found in details]),
        by_exposure=_groups(details, [found.exposure_ev for found in details]),
        layers=measure_layers(bundle.read("fp16"), bundle.read("int8"), [judged[i].tile for i in spread]),
        layer_tiles=len(spread),
        models=tuple(_facts(bundle, model.contract.precision) for model in bundle.models),
        search=search,
    )
    return page, shown


def drift_report(page: DriftPage) -> DriftReport:
    """The part of a page that `lwisp verify` prints and judges by."""
    return DriftReport(page.checkpoint_sha256, page.stages)


def _groups(images: Sequence[ImageDetail], values: Sequence[float | None]) -> tuple[GroupDrift, ...]:
    known = sorted({value for value in values if value is not None})
    return tuple(_group(value, [i for i, other in zip(images, values) if other == value]) for value in known)


def _group(value: float, images: Sequence[ImageDetail]) -> GroupDrift:
    stage = summarise("int8", tuple(ImageDrift(i.image, i.int8_against_float) for i in images), BUDGETS["int8"])
    pairs = [(i.float_psnr_db, i.int8_psnr_db) for i in images]
    losses = [before - after for before, after in pairs if before is not None and after is not None]
    loss_db = float(np.mean(losses)) if losses else None
    return GroupDrift(value, len(images), stage.median_psnr_db, stage.worst_psnr_db, stage.delta_e_mean, loss_db)


def _facts(bundle: Bundle, precision: str) -> ModelFacts:
    (model,) = (model for model in bundle.models if model.contract.precision == precision)
    data = bundle.read(model.contract.precision)
    facts = inspect_tflite(data)
    return ModelFacts(model.file, precision, model.bytes, facts.ops, delegate_coverage(data), examine(data))
