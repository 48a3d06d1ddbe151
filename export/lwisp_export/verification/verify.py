"""Verify: the same tiles through every stage of the chain, against the float reference in torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.metrics import Comparison, compare

Picture = NDArray[np.float32]
Run = Callable[[NDArray[np.float32]], Picture]


@dataclass(frozen=True)
class Budget:
    """How far a stage may be from the reference; None: no limit of that kind."""

    max_abs_diff: float | None = None
    median_psnr_db: float | None = None
    worst_psnr_db: float | None = None


BUDGETS = {
    "onnx": Budget(max_abs_diff=1e-4),
    "float32": Budget(max_abs_diff=1e-4),
    "fp16": Budget(median_psnr_db=65, worst_psnr_db=60),
    "int8": Budget(median_psnr_db=42, worst_psnr_db=36),
}
"""Stages in the order of the chain. Conversions are exact up to rounding; fp16 keeps 11 bits of each weight."""


@dataclass(frozen=True)
class Stage:
    """A model of the chain and how to run it on packed planes."""

    name: str
    run: Run


@dataclass(frozen=True)
class ImageDrift:
    """One tile's comparison with the reference."""

    image: str
    comparison: Comparison


@dataclass(frozen=True)
class StageDrift:
    """A stage's comparison with the reference over all tiles."""

    stage: str
    budget: Budget
    images: tuple[ImageDrift, ...]
    median_psnr_db: float | None
    """None where the pictures are equal."""
    worst_psnr_db: float | None
    worst_image: str
    max_abs_diff: float
    delta_e_mean: float
    delta_e_p99: float
    """The largest of the images' 99th percentiles."""
    ssim_min: float
    non_finite: int
    violations: tuple[str, ...]
    """What left the budget, in words; empty: the stage passes."""


@dataclass(frozen=True)
class DriftReport:
    """Every stage's drift, in the order of the chain."""

    checkpoint_sha256: str
    stages: tuple[StageDrift, ...]

    @property
    def first_failing(self) -> StageDrift | None:
        """The first stage that leaves its budget."""
        return next((stage for stage in self.stages if stage.violations), None)


def verify(
    reference: Run, stages: Sequence[Stage], tiles: Sequence[Tile], checkpoint_sha256: str, step: Callable[[str], None]
) -> DriftReport:
    """Run every tile through every stage and compare with the reference; `step` is told each stage's name."""
    step("torch")
    truths = [reference(tile.packed) for tile in tiles]
    drifts = []
    for stage in stages:
        step(stage.name)
        images = tuple(
            ImageDrift(tile.name, compare(stage.run(tile.packed), truth)) for tile, truth in zip(tiles, truths)
        )
        drifts.append(summarise(stage.name, images, BUDGETS[stage.name]))
    return DriftReport(checkpoint_sha256, tuple(drifts))


def summarise(stage: str, images: tuple[ImageDrift, ...], budget: Budget) -> StageDrift:
    """Median and worst over images, and what leaves the budget."""
    scores = [np.inf if i.comparison.psnr_db is None else i.comparison.psnr_db for i in images]
    worst = int(np.argmin(scores))
    median_db = float(np.median(scores))
    max_abs = max(i.comparison.max_abs_diff for i in images)
    non_finite = sum(i.comparison.non_finite for i in images)
    return StageDrift(
        stage=stage,
        budget=budget,
        images=images,
        median_psnr_db=_finite(median_db),
        worst_psnr_db=_finite(scores[worst]),
        worst_image=images[worst].image,
        max_abs_diff=max_abs,
        delta_e_mean=float(np.mean([i.comparison.delta_e_mean for i in images])),
        delta_e_p99=max(i.comparison.delta_e_p99 for i in images),
        ssim_min=min(i.comparison.ssim for i in images),
        non_finite=non_finite,
        violations=_violations(budget, max_abs, median_db, scores[worst], non_finite),
    )


def _violations(budget: Budget, max_abs: float, median_db: float, worst_db: float, non_finite: int) -> tuple[str, ...]:
    found = [f"{non_finite} NaN or infinite values"] if non_finite else []
    if budget.max_abs_diff is not None and not max_abs <= budget.max_abs_diff:
        found.append(f"max abs difference {max_abs:.2e} > {budget.max_abs_diff:.0e}")
    if budget.median_psnr_db is not None and not median_db >= budget.median_psnr_db:
        found.append(f"median PSNR {median_db:.2f} dB < {budget.median_psnr_db:g} dB")
    if budget.worst_psnr_db is not None and not worst_db >= budget.worst_psnr_db:
        found.append(f"worst PSNR {worst_db:.2f} dB < {budget.worst_psnr_db:g} dB")
    return tuple(found)


def onnx_stage(path: Path) -> Stage:
    """ONNX Runtime on the CPU."""
    import onnxruntime  # noqa: PLC0415 (slow to load, and only this stage needs it)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(packed: NDArray[np.float32]) -> Picture:
        (output,) = session.run(["rgb"], {"packed": np.ascontiguousarray(packed.transpose(2, 0, 1))[None]})
        return np.ascontiguousarray(np.asarray(output)[0].transpose(1, 2, 0))

    return Stage("onnx", run)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
