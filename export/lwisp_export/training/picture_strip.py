"""The picture strip: crops of the validation pictures, a row per validation, so that training can be watched."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from lwisp_export.training.validation import ValidationPair
from lwisp_mobile.serialize.files import atomic_write

TILE_PX = 128
MAX_TILES = 8
MAX_ROWS = 64
"""Then the oldest rows after the truth go."""

Tile = NDArray[np.uint8]


class Strip:
    """Collects one row of crops and adds it to the file; the first row is the truth."""

    def __init__(self, path: Path, pairs: tuple[ValidationPair, ...]) -> None:
        """path: the PNG. The pairs shown are spread evenly over all."""
        self.path = path
        self.shown = sorted({round(i) for i in np.linspace(0, len(pairs) - 1, min(MAX_TILES, len(pairs)))})
        self._truth = [_tile(pairs[index].truth) for index in self.shown]
        self._row: list[Tile] = []

    def show(self, index: int, output: Tensor) -> None:
        """Take one validation output; those not shown are passed over."""
        if index in self.shown:
            self._row.append(_tile(output))

    def end_row(self) -> None:
        """Write the strip with the row that was collected beneath it."""
        row, self._row = np.hstack(self._row), []
        truth = np.hstack(self._truth)
        earlier = _rows(self.path, truth)
        with atomic_write(self.path) as temporary:
            Image.fromarray(np.vstack([truth, *earlier[-MAX_ROWS:], row])).save(temporary, format="PNG")


def _tile(picture: Tensor) -> Tile:
    """The middle of (1, 3, H, W) in [0, 1], padded with black to a square of TILE_PX."""
    height, width = picture.shape[2:]
    top, left = max(0, (height - TILE_PX) // 2), max(0, (width - TILE_PX) // 2)
    cut = picture[0, :, top : top + TILE_PX, left : left + TILE_PX].permute(1, 2, 0)
    tile = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
    tile[: cut.shape[0], : cut.shape[1]] = np.rint(255 * cut.float().clamp(0, 1).numpy()).astype(np.uint8)
    return tile


def _rows(path: Path, truth: Tile) -> list[Tile]:
    """The rows that are there already, without the truth; none if the file is of other pictures."""
    if not path.exists():
        return []
    with Image.open(path) as image:
        found = np.asarray(image.convert("RGB"))
    if found.shape[1] != truth.shape[1]:
        return []
    return [found[top : top + TILE_PX] for top in range(TILE_PX, found.shape[0], TILE_PX)]
