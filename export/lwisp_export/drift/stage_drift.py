"""The drift of one stage of the chain: its pictures against the float reference's, on the same tiles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.metrics import Comparison, compare

Picture = NDArray[np.float32]
Run = Callable[[NDArray[np.float32]], Picture]
"""Packed planes (h, w, 4) float32 in [0, 1] to sRGB (2h, 2w, 3) float32 in [0, 1]."""


@dataclass(frozen=True)
class Budget:
    """How far a stage may be from the reference; None: no limit of that kind."""

    max_abs_diff: float | None = None
    median_psnr_db: float | None = None
    worst_psnr_db: float | None = None
    delta_e_p99: float | None = None
    """CIEDE2000, the largest of the images' 99th percentiles."""


UNLIMITED = Budget()


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
    """How the stage exceeds its budget, in words; empty: the stage passes."""


def measure_drift(
    run: Run, references: Sequence[Picture], tiles: Sequence[Tile], stage: str = "int8", budget: Budget = UNLIMITED
) -> StageDrift:
    """Run a model on every tile and compare each picture with the reference's of the same tile."""
    images = tuple(
        ImageDrift(tile.name, compare(run(tile.packed), reference))
        for tile, reference in zip(tiles, references, strict=True)
    )
    return summarise(stage, images, budget)


def summarise(stage: str, images: tuple[ImageDrift, ...], budget: Budget) -> StageDrift:
    """Median and worst over at least one image, and how they exceed the budget."""
    scores = [np.inf if i.comparison.psnr_db is None else i.comparison.psnr_db for i in images]
    worst = int(np.argmin(scores))
    median_db, worst_db = float(np.median(scores)), float(scores[worst])
    max_abs_diff = max(i.comparison.max_abs_diff for i in images)
    delta_e_p99 = max(i.comparison.delta_e_p99 for i in images)
    non_finite = sum(i.comparison.non_finite for i in images)
    violations = (
        f"{non_finite} NaN or infinite values" if non_finite else None,
        _above("max abs difference", max_abs_diff, budget.max_abs_diff, ".2e"),
        _below("median PSNR", median_db, budget.median_psnr_db),
        _below("worst PSNR", worst_db, budget.worst_psnr_db),
        _above("ΔE2000 p99", delta_e_p99, budget.delta_e_p99, ".3f"),
    )
    return StageDrift(
        stage=stage,
        budget=budget,
        images=images,
        median_psnr_db=_finite(median_db),
        worst_psnr_db=_finite(worst_db),
        worst_image=images[worst].image,
        max_abs_diff=max_abs_diff,
        delta_e_mean=float(np.mean([i.comparison.delta_e_mean for i in images])),
        delta_e_p99=delta_e_p99,
        ssim_min=min(i.comparison.ssim for i in images),
        non_finite=non_finite,
        violations=tuple(violation for violation in violations if violation),
    )


def _above(label: str, value: float, limit: float | None, style: str) -> str | None:
    """What exceeds an upper limit; a NaN does."""
    return None if limit is None or value <= limit else f"{label} {value:{style}} > {limit:{style}}"


def _below(label: str, value_db: float, limit_db: float | None) -> str | None:
    """What falls short of a lower limit; a NaN does."""
    return None if limit_db is None or value_db >= limit_db else f"{label} {value_db:.2f} dB < {limit_db:.2f} dB"


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
