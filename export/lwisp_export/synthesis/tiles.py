"""Tiles to calibrate and verify with: RAW frames through the runtime's own pre-processing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

TILES_PER_FRAME = 6
TILE_PX = 128
"""Packed side of the tiles that calibrate and verify, and the size stored in the models (they can be resized)."""


@dataclass(frozen=True)
class Tile:
    """A square of a prepared frame."""

    name: str
    packed: NDArray[np.float32]
    """(side, side, 4) float32 in [0, 1]."""
    left_px: int = 0
    """Where it was cut, in packed pixels."""
    top_px: int = 0


@dataclass(frozen=True)
class NamedRaw:
    """A RAW frame and what to call it."""

    name: str
    raw: RawImage


def read_frames(paths: Sequence[Path], hints: RawHints) -> tuple[NamedRaw, ...]:
    """Read RAW files; the hints hold for all of them."""
    return tuple(NamedRaw(path.name, read_raw(path, hints)) for path in paths)


def cut_tiles(frames: Sequence[NamedRaw], contract: InputContract, side_px: int) -> tuple[Tile, ...]:
    """Up to TILES_PER_FRAME tiles of each frame, evenly spread. Raises UsageError if a frame is too small."""
    return tuple(tile for frame in frames for tile in cut_planes(frame, prepare(frame.raw, contract).planes, side_px))


def cut_planes(frame: NamedRaw, planes: NDArray[np.float32], side_px: int) -> tuple[Tile, ...]:
    """The same of one frame that is prepared already. planes: (h, w, 4) float32 in [0, 1]."""
    rows, columns = planes.shape[0] // side_px, planes.shape[1] // side_px
    if not rows * columns:
        raise UsageError(
            f"{frame.name}: {frame.raw.width_px}x{frame.raw.height_px} px is smaller than a tile of "
            f"{2 * side_px}x{2 * side_px} px; give larger frames."
        )
    spread = np.linspace(0, rows * columns - 1, min(TILES_PER_FRAME, rows * columns)).round().astype(int)
    corners = [(int(i) // columns * side_px, int(i) % columns * side_px) for i in spread]
    return tuple(
        Tile(f"{frame.name} @{left},{top}", planes[top : top + side_px, left : left + side_px].copy(), left, top)
        for top, left in corners
    )
