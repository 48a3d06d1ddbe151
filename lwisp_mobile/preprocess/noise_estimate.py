"""Noise estimated from a mosaic itself: how far neighbours of one colour differ where nothing else differs.

Blocks of 8x8 sites of one colour are split into 2x2 cells, and those into the four parts of the Haar transform: sum,
vertical, horizontal and diagonal difference. White noise is equally strong in all four and independent between them. So
the blocks whose first three vary least are taken as flat, and what their diagonal differences vary by is noise alone,
without the bias of having been chosen. One block in 32 of each range of light is enough; a line through the ranges,
without those that lie above it because nothing in them is flat, gives shot and read noise. A file that was denoised or
compressed with loss shows less noise than it has. Block statistics are whole numbers, and sums of few values follow a
stated order: equal mosaics give equal noise in every language.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.corrections import NoiseProfile
from lwisp_mobile.raw.image import RawImage

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

BLOCK = 8
"""Side of a block in sites of one colour."""
MAX_BLOCKS = 1 << 13
"""Blocks of each plane that are looked at, spread evenly over the frame."""
RANGES = 24
"""Ranges of light, equal in its square root."""
FLAT_SHARE = 32
"""One block in so many is taken as flat."""
LEAST_FLAT = 16
"""Blocks that a range needs: 16 blocks of 16 cells give a variance within 9 %."""
OUTLIER = 1.25
"""A range whose variance is above the line by more than this factor holds nothing flat."""
ROUNDS = 8


@dataclass(frozen=True)
class Blocks:
    """Statistics of blocks, (n,) each, on light in [0, 1]."""

    light: F64
    variance: F64
    """Of a site, from diagonal differences."""
    texture: F64
    """Energy of everything else that varies within the block."""


@dataclass(frozen=True)
class Level:
    """One range of light and the variance of its flat blocks."""

    light: float
    variance: float


def estimate_noise(raw: RawImage) -> NoiseProfile | None:
    """Shot and read noise of a frame, the same for all colours; None if no block is flat and unclipped.

    Within 25 % in standard deviation on nine of ten frames; where every part of a frame is textured it's too high.
    """
    blocks = [_plane_blocks(raw, site) for site in site_order(raw.cfa)]
    joined = Blocks(*(np.concatenate([getattr(b, name) for b in blocks]) for name in ("light", "variance", "texture")))
    levels = _flat_levels(joined)
    if not levels:
        return None
    shot, read = fit_line(levels)
    return NoiseProfile((shot,) * 3, (read,) * 3)


def _plane_blocks(raw: RawImage, site: int) -> Blocks:
    """Blocks of one site of the 2x2 cell; those that reach white or the sensor's zero are left out."""
    values = _cut_blocks(raw.mosaic[site // 2 :: 2, site % 2 :: 2])
    values = values[(values.max(axis=(1, 2)) < raw.white_level) & (values.min(axis=(1, 2)) > 0)]
    black = raw.black_level[site]
    span = raw.white_level - black
    diagonal, other = haar_energies(values)
    mean = values.sum(axis=(1, 2)) / BLOCK**2
    return Blocks((mean - black) / span, diagonal / BLOCK**2 / span**2, other / span**2)


def _cut_blocks(sites: NDArray[np.uint16]) -> I64:
    """Blocks spread evenly over a plane, (n, BLOCK, BLOCK)."""
    rows, columns = (side // BLOCK for side in sites.shape)
    step = next(step for step in range(1, rows * columns + 2) if rows * columns <= MAX_BLOCKS * step**2)
    cells = sites[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cells[::step, :, ::step].astype(np.int64).transpose(0, 2, 1, 3).reshape(-1, BLOCK, BLOCK)


def haar_energies(blocks: I64) -> tuple[I64, I64]:
    """Energy of diagonal differences, and of all else but the mean. blocks: (n, 8, 8). Returns (n,) each.

    Under white noise of variance v the first is 64 v on average: 16 cells, four sites each.
    """
    a, b, c, d = (blocks[:, row::2, column::2] for row in (0, 1) for column in (0, 1))
    diagonal = _energy(a - b - c + d)
    sums = a + b + c + d
    total = sums.sum(axis=(1, 2))
    return diagonal, _energy(a + b - c - d) + _energy(a - b + c - d) + _energy(sums) - total**2 // (BLOCK**2 // 4)


def _energy(cells: I64) -> I64:
    return np.asarray((cells * cells).sum(axis=(1, 2)))


def _flat_levels(blocks: Blocks) -> list[Level]:
    """The flat blocks' variance in each range of light that has enough of them."""
    ranges = np.minimum(np.floor(np.sqrt(np.maximum(blocks.light, 0)) * RANGES), RANGES - 1)
    levels = []
    for index in range(RANGES):
        inside = np.flatnonzero(ranges == index)
        count = max(len(inside) // FLAT_SHARE, LEAST_FLAT)
        if len(inside) >= count:
            flat = inside[np.argsort(blocks.texture[inside], kind="stable")[:count]]
            levels.append(Level(_mean(blocks.light[flat]), _mean(blocks.variance[flat])))
    return levels


def fit_line(levels: list[Level]) -> tuple[float, float]:
    """Shot and read noise: variance = shot * light + read, neither under 0.

    Least squares of relative deviations, repeated without the levels that lie above the line by more than OUTLIER.
    """
    kept = levels
    for _ in range(ROUNDS):
        shot, read = _least_squares(kept)
        below = [level for level in levels if level.variance <= OUTLIER * (shot * max(level.light, 0.0) + read)]
        if len(below) < 2 or below == kept:
            break
        kept = below
    return shot, read


def _least_squares(levels: list[Level]) -> tuple[float, float]:
    """The line, by its normal equations; where a term would be negative, the other alone."""
    xx = x1 = xy = ww = wy = 0.0
    for level in levels:
        light, variance = max(level.light, 0.0), max(level.variance, 1e-12)
        weight = 1 / (variance * variance)
        xx, x1, xy = xx + weight * light * light, x1 + weight * light, xy + weight * light * variance
        ww, wy = ww + weight, wy + weight * variance
    determinant = xx * ww - x1 * x1
    if determinant > 1e-9 * xx * ww:
        shot, read = (ww * xy - x1 * wy) / determinant, (xx * wy - x1 * xy) / determinant
        if min(shot, read) >= 0:
            return shot, read
        if read < 0:
            return xy / xx, 0.0
    return 0.0, wy / ww


def _mean(values: F64) -> float:
    """The mean, added up in order: numpy's own sum groups values in its own way."""
    total = 0.0
    for value in values.tolist():
        total += value
    return total / len(values)
