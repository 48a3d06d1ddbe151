"""Aligned crops: one window and orientation for an input and its truth, in phase with the colour filters."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError

T = TypeVar("T", bound=np.generic)

MAX_WHOLE_PX = 1024
"""Validation pictures are cropped to this side: a full phone picture needs gigabytes of features."""


@dataclass(frozen=True)
class Crop:
    """A window of a picture and its orientation, applied to input and truth alike."""

    top_px: int
    left_px: int
    height_px: int
    width_px: int
    flip_rows: bool = False
    flip_columns: bool = False
    transpose: bool = False
    """Rows become columns, after the flips."""

    def of(self, picture: NDArray[T]) -> NDArray[T]:
        """The crop of a picture (H, W) or (H, W, C), as a view."""
        bottom, right = self.top_px + self.height_px, self.left_px + self.width_px
        window = picture[self.top_px : bottom, self.left_px : right]
        window = window[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]
        return window.swapaxes(0, 1) if self.transpose else window


def random_crop(shape: tuple[int, ...], side_px: int, cell_px: int, rng: np.random.Generator) -> Crop:
    """A random square under one of the eight flips and turns.

    shape: of the picture, (H, W, ...). cell_px: 2 for an RGGB mosaic, whose crops are RGGB again: a flipped window
    starts one site later, so that its last row or column, which becomes the first, contains red; transposing keeps
    RGGB. 1 for other pictures. side_px: a multiple of cell_px. Raises UsageError if the picture is too small.
    """
    height, width = shape[:2]
    needed = side_px + cell_px - 1
    if min(height, width) < needed:
        raise UsageError(
            f"The picture has {width}x{height} px; patches of {side_px} px need {needed}x{needed}. Lower patch_px."
        )
    flip_rows, flip_columns, transpose = (bool(value) for value in rng.integers(2, size=3))
    top = _random_start(height - side_px, cell_px, flip_rows, rng)
    left = _random_start(width - side_px, cell_px, flip_columns, rng)
    return Crop(top, left, side_px, side_px, flip_rows, flip_columns, transpose)


def _random_start(room_px: int, cell_px: int, is_flipped: bool, rng: np.random.Generator) -> int:
    first = cell_px - 1 if is_flipped else 0
    return first + cell_px * int(rng.integers((room_px - first) // cell_px + 1))


def central_crop(shape: tuple[int, ...], multiple_px: int) -> Crop:
    """The largest central window with sides of a multiple, at most MAX_WHOLE_PX; starts at even sites.

    shape: (H, W, ...). Raises UsageError if a side is shorter than the multiple.
    """
    height, width = shape[:2]
    if min(height, width) < multiple_px:
        raise UsageError(f"The picture has {width}x{height} px; at least {multiple_px}x{multiple_px} are needed.")
    kept = [min(side, MAX_WHOLE_PX) // multiple_px * multiple_px for side in (height, width)]
    top, left = ((side - length) // 4 * 2 for side, length in zip((height, width), kept))
    return Crop(top, left, kept[0], kept[1])
