"""Places for crops at 100 %: chosen ones, and those where a development is easiest to judge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError

BLOCK_PX = 8
"""Detail is measured on means over squares of this side, where noise averages out."""
_TEXTURE_STEP = 0.05
"""Steps count as texture up to this, so that detail everywhere beats a few strong edges."""
_LEAST_LIGHT = 0.06
"""A block of a lower mean shows nothing; in the search for the darkest square it counts as white."""
_EDGE_POWER = 4
"""Of the brighter side's value in what an edge is worth, so that a bright edge beats a stronger dark one."""

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """A square of a finished picture, and why it's shown."""

    reason: str
    left_px: int
    top_px: int
    side_px: int

    @property
    def label(self) -> str:
        """The reason, and the middle as `--at` takes it."""
        return f"{self.reason}, at {self.left_px + self.side_px // 2},{self.top_px + self.side_px // 2}"

    def overlaps(self, other: "Place") -> bool:
        """Whether two squares of one size share a pixel."""
        return max(abs(self.left_px - other.left_px), abs(self.top_px - other.top_px)) < self.side_px


def place_at(x: int, y: int, size: tuple[int, int], side_px: int) -> Place:
    """The square around a pixel, moved inside the picture. size: (height, width). Raises UsageError outside it."""
    height, width = size
    if not (0 <= x < width and 0 <= y < height):
        raise UsageError(f"--at {x},{y} isn't in the picture of {width}x{height} px; give a column and a row of it.")
    left, top = (max(0, min(at - side_px // 2, side - side_px)) for at, side in ((x, width), (y, height)))
    return Place("chosen", left, top, side_px)


def find_places(rgb: U8, side_px: int) -> list[Place]:
    """The squares with the most texture, the least visible light, the brightest edge; the corner with most texture.

    rgb: (H, W, 3) uint8. side_px: a multiple of BLOCK_PX. Squares don't overlap; where no room is left for one, it's
    left out.
    """
    means = _block_means(rgb)
    steps = _steps(means)
    texture = _window_means(np.minimum(steps, np.float32(_TEXTURE_STEP)), side_px)
    visible = np.where(means < _LEAST_LIGHT, np.float32(1), means)
    height, width = texture.shape
    corners = np.full_like(texture, -np.inf)
    corners[:: max(1, height - 1), :: max(1, width - 1)] = texture[:: max(1, height - 1), :: max(1, width - 1)]
    worth = {
        "most texture": texture,
        "darkest": -_window_means(visible, side_px),
        "brightest edge": _centred(steps * means**_EDGE_POWER, side_px),
        "corner": corners,
    }
    places: list[Place] = []
    for reason, values in worth.items():
        places += _best(reason, values, side_px, places)
    return places


def _best(reason: str, values: F32, side_px: int, taken: Sequence[Place]) -> list[Place]:
    """The place of the highest value that overlaps none of those taken; none if there's no such place."""
    for index in np.argsort(-values, axis=None, kind="stable"):
        row, column = divmod(int(index), values.shape[1])
        place = Place(reason, column * BLOCK_PX, row * BLOCK_PX, side_px)
        if np.isfinite(values[row, column]) and not any(place.overlaps(other) for other in taken):
            return [place]
    return []


def _block_means(rgb: U8) -> F32:
    """Means of (R + G + B) / 3 over squares of BLOCK_PX; (h, w) float32 in [0, 1]."""
    height, width = (side // BLOCK_PX for side in rgb.shape[:2])
    blocks = rgb[: height * BLOCK_PX, : width * BLOCK_PX].reshape(height, BLOCK_PX, width, BLOCK_PX * 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32) / 255, np.float32)


def _steps(means: F32) -> F32:
    """Sum of each block's absolute differences from its right and its lower neighbour; 0 at the far border."""
    steps = np.zeros_like(means)
    steps[:, :-1] += np.abs(np.diff(means, axis=1))
    steps[:-1] += np.abs(np.diff(means, axis=0))
    return steps


def _window_means(values: F32, side_px: int) -> F32:
    """Means over every square of side_px, by its top left block; a picture smaller than that has one square."""
    rows, columns = (min(side_px // BLOCK_PX, extent) for extent in values.shape)
    sums = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    windows = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    return np.asarray(windows / (rows * columns), np.float32)


def _centred(values: F32, side_px: int) -> F32:
    """Each square's value at the block in its middle."""
    rows, columns = (min(side_px // BLOCK_PX, extent) for extent in values.shape)
    height, width = values.shape
    top, left = rows // 2, columns // 2
    return values[top : top + height - rows + 1, left : left + width - columns + 1]
