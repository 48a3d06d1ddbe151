"""Tiles to judge INT8 on, with what is known of their shots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.builtin_frames import MadeFrame
from lwisp_export.synthesis.tiles import NamedRaw, Tile, cut_tiles
from lwisp_mobile.contract import InputContract

OUTPUT_SCALE = 2
"""Output pixels per packed pixel."""


@dataclass(frozen=True)
class JudgedTile:
    """A tile and the facts of its frame."""

    tile: Tile
    iso: float | None
    exposure_ev: float | None
    """Digital exposure against the photograph; None for a camera's file."""
    truth: NDArray[np.float32] | None
    """(2h, 2w, 3) sRGB in [0, 1]; None for a camera's file."""


def judged_made(frames: Sequence[MadeFrame], contract: InputContract, side_px: int) -> tuple[JudgedTile, ...]:
    """Tiles of made frames, whose truth is known. side_px: packed."""
    return tuple(
        JudgedTile(tile, frame.shot.iso, frame.shot.exposure_ev, _cut(frame.truth, tile))
        for frame in frames
        for tile in cut_tiles([NamedRaw(frame.name, frame.raw)], contract, side_px)
    )


def judged_raw(frames: Sequence[NamedRaw], contract: InputContract, side_px: int) -> tuple[JudgedTile, ...]:
    """Tiles of camera files. side_px: packed. Raises UsageError if one is smaller than a tile."""
    return tuple(
        JudgedTile(tile, frame.raw.info.iso, None, None)
        for frame in frames
        for tile in cut_tiles([frame], contract, side_px)
    )


def _cut(truth: NDArray[np.float32], tile: Tile) -> NDArray[np.float32]:
    top, left, side = (OUTPUT_SCALE * px for px in (tile.top_px, tile.left_px, len(tile.packed)))
    return truth[top : top + side, left : left + side]
