"""Tiles: pure geometry. Where tiles lie so that they agree with the whole frame, and which are the cheapest."""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import SignatureContract

SETUP_MACS_PER_BYTE = 250
"""What a tile's first run costs more, per byte its buffers take: about 0.4 ns a byte at 600 GMAC/s, both measured."""
CALL_MACS = 50_000_000
"""What each run costs beside its multiply-adds: about 0.15 ms."""
_CUTS = (*range(1, 13), 14, 16, 19, 22, 26, 31, 37, 44, 53, 64)
"""Numbers of tiles along a side that are considered."""


@dataclass(frozen=True)
class Span:
    """Along one side of a frame, in packed px: a tile, and the part of its result that is kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True)
class Tile:
    """A rectangle of a frame."""

    rows: Span
    columns: Span


@dataclass(frozen=True)
class TilePlan:
    """How one stage goes over a frame: tiles of one shape, row by row."""

    stage: SignatureContract
    height_px: int
    """Rows of every tile, packed px, halo included."""
    width_px: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    workers: int = 1
    """Tiles that run side by side."""

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Every tile, row by row."""
        return tuple(Tile(rows, columns) for rows, columns in product(self.rows, self.columns))

    @property
    def macs(self) -> float:
        """Multiply-adds of all tiles."""
        return len(self.rows) * len(self.columns) * self._tile_px * self.stage.macs_per_packed_px

    @property
    def run_bytes(self) -> int:
        """What the engine takes for a tile in each worker, all together."""
        return round(self.workers * self._tile_px * self.stage.bytes_per_packed_px)

    @property
    def shared_bytes(self) -> int:
        """Of that, what isn't kept for this stage alone."""
        return round(self.workers * self._tile_px * self.stage.shared_bytes_per_packed_px)

    @property
    def cost(self) -> float:
        """Time of the frame in multiply-adds: those of its tiles, the first run's surplus, and the calls.

        A worker without a tile in the last round costs as much as the others.
        """
        rounds = ceil(len(self.rows) * len(self.columns) / self.workers)
        return float(_cost(self.stage, self._tile_px, rounds, self.workers))

    @property
    def _tile_px(self) -> int:
        return self.height_px * self.width_px


@cache
def split_side(side_px: int, tile_px: int, halo_px: int) -> tuple[Span, ...]:
    """Lay tiles of one length along a side.

    Every kept part has its halo inside its tile, or ends with the frame where its tile does: there the network pads
    as it does on the whole frame. Kept parts lie end to end. tile_px: at most side_px; under it, over 2 * halo_px.
    """
    step, last = tile_px - 2 * halo_px, side_px - tile_px
    starts = [min(index * step, last) for index in range(count_tiles(side_px, tile_px, halo_px))]
    edges = [0, *(start + halo_px for start in starts[1:]), side_px]
    return tuple(Span(start, start + tile_px, edges[i], edges[i + 1]) for i, start in enumerate(starts))


def count_tiles(side_px: int, tile_px: int, halo_px: int) -> int:
    """How many tiles `split_side` lays."""
    return 1 + ceil((side_px - tile_px) / (tile_px - 2 * halo_px)) if side_px > tile_px else 1


def plan_tiles(
    stage: SignatureContract, height_px: int, width_px: int, limit_bytes: float, *, workers: int = 1
) -> TilePlan | None:
    """The cheapest tiles whose runs stay within a limit; None if not even the smallest do.

    height_px, width_px: the frame, packed, multiples of the stage's. limit_bytes: for all workers. workers: tiles that
    run side by side.
    """
    grid = _grid(stage, height_px, width_px, workers)
    costs = np.where(grid.px * (stage.bytes_per_packed_px * workers) > limit_bytes, np.inf, grid.costs)
    row, column = np.unravel_index(costs.argmin(), costs.shape)
    if costs[row, column] == np.inf:
        return None
    return lay_tiles(stage, height_px, width_px, (grid.heights[row], grid.widths[column]), workers=workers)


def lay_tiles(
    stage: SignatureContract, height_px: int, width_px: int, tile: tuple[int, int], *, workers: int = 1
) -> TilePlan:
    """Tiles of a given height and width over a frame, all in packed px; sides as `split_side` takes them."""
    rows = split_side(height_px, tile[0], stage.halo_px)
    columns = split_side(width_px, tile[1], stage.halo_px)
    return TilePlan(stage, *tile, rows, columns, workers)


def smallest_tile_px(stage: SignatureContract, height_px: int, width_px: int) -> int:
    """Packed px of the smallest tile that can go over a frame."""
    return min(_tile_sides(height_px, stage)) * min(_tile_sides(width_px, stage))


@dataclass(frozen=True)
class _Grid:
    """Every size of tile that can go over a frame."""

    heights: list[int]
    widths: list[int]
    px: NDArray[np.int64]
    """Packed px of a tile, heights by widths."""
    costs: NDArray[np.float64]
    """As `TilePlan.cost`."""


@lru_cache(maxsize=64)
def _grid(stage: SignatureContract, height_px: int, width_px: int, workers: int) -> _Grid:
    heights, widths = _tile_sides(height_px, stage), _tile_sides(width_px, stage)
    rows, columns = (
        [count_tiles(side_px, side, stage.halo_px) for side in sides]
        for side_px, sides in ((height_px, heights), (width_px, widths))
    )
    px, rounds = np.outer(heights, widths), np.ceil(np.outer(rows, columns) / workers)
    return _Grid(heights, widths, px, _cost(stage, px, rounds, workers))


def _cost(stage: SignatureContract, tile_px: Any, rounds: Any, workers: int) -> Any:
    """In multiply-adds; of one size of tile, or elementwise of many."""
    tile_macs = tile_px * stage.macs_per_packed_px
    setup_macs = tile_px * stage.bytes_per_packed_px * SETUP_MACS_PER_BYTE
    return rounds * (workers * tile_macs + CALL_MACS) + setup_macs


def _tile_sides(side_px: int, stage: SignatureContract) -> list[int]:
    """For each number of tiles, the smallest side that still covers the frame."""
    multiple, halos = stage.multiple_px, 2 * stage.halo_px
    sides = {ceil((side_px + (count - 1) * halos) / count / multiple) * multiple for count in _CUTS}
    return sorted(side for side in sides if side > halos or side == side_px)
