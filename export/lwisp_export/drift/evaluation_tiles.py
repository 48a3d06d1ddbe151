"""The tiles that drift is measured on, with what is known of their shots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.synthesis.builtin_frames import evaluation_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw, Tile, cut_tiles
from lwisp_mobile.contract import InputContract

OUTPUT_SCALE = 2
"""Output pixels per packed pixel."""


@dataclass(frozen=True)
class EvaluationTile(Tile):
    """A tile and the facts of its frame."""

    iso: float | None = None
    exposure_ev: float | None = None
    """Digital exposure against the photograph; None for a camera's file."""
    ground_truth: NDArray[np.float32] | None = None
    """(2h, 2w, 3) sRGB in [0, 1]; None for a camera's file."""


def evaluation_tiles(contract: InputContract, side_px: int = TILE_PX) -> tuple[EvaluationTile, ...]:
    """Tiles of the synthetic frames that calibration never sees, the same on every call. side_px: packed."""
    return tuple(
        EvaluationTile(
            **vars(tile),
            iso=frame.shot.iso,
            exposure_ev=frame.shot.exposure_ev,
            ground_truth=_cut(frame.truth, tile),
        )
        for frame in evaluation_frames()
        for tile in cut_tiles([NamedRaw(frame.name, frame.raw)], contract, side_px)
    )


def camera_tiles(
    frames: Sequence[NamedRaw], contract: InputContract, side_px: int = TILE_PX
) -> tuple[EvaluationTile, ...]:
    """Tiles of camera files. side_px: packed. Raises UsageError if a file is smaller than a tile."""
    return tuple(
        EvaluationTile(**vars(tile), iso=frame.raw.info.iso)
        for frame in frames
        for tile in cut_tiles([frame], contract, side_px)
    )


def _cut(ground_truth: NDArray[np.float32], tile: Tile) -> NDArray[np.float32]:
    top, left, side = (OUTPUT_SCALE * px for px in (tile.top_px, tile.left_px, len(tile.packed)))
    return ground_truth[top : top + side, left : left + side]
