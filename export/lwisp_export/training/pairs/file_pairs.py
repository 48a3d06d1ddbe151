"""Pairs in files: read when needed, cropped in alignment, converted to planes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.training.pairs.crop import Crop, central_crop, random_crop
from lwisp_export.training.pairs.file_listing import PairFiles, read_rgb
from lwisp_export.training.pairs.pair_set import F32, Pair, from_8_bit
from lwisp_mobile.errors import UsageError


@dataclass(frozen=True)
class InputFormat:
    """How a set's input files are read and converted to planes."""

    read: Callable[[Path], NDArray[Any]]
    """A file to (H, W) or (H, W, 3). Raises UsageError."""
    to_planes: Callable[[NDArray[Any]], F32]
    """A cut of it to (h, w, C) float32 in [0, 1]."""
    cell_px: int
    """2 for mosaics, which are packed; 1 for RGB."""


RGB_INPUT = InputFormat(read_rgb, from_8_bit, cell_px=1)
"""Pictures in, pictures out: denoise and enhance."""


@dataclass(frozen=True)
class FilePairs:
    """A PairSet of files."""

    training: tuple[PairFiles, ...]
    validation: tuple[PairFiles, ...]
    format: InputFormat

    def __len__(self) -> int:
        """Pictures to train on."""
        return len(self.training)

    def crops(self, index: int, patch_px: int, count: int, rng: np.random.Generator) -> list[Pair]:
        """Random squares of one picture, which is read once; see PairSet."""
        files = self.training[index]
        source, truth = self._read(files)
        try:
            crops = [random_crop(truth.shape, patch_px, self.format.cell_px, rng) for _ in range(count)]
        except UsageError as error:
            raise UsageError(f"{files.truth}: {error}") from error
        return [self._pair(files, crop, source, truth) for crop in crops]

    def whole(self) -> Iterator[Pair]:
        """The validation pictures one by one; see PairSet."""
        for files in self.validation:
            source, truth = self._read(files)
            try:
                crop = central_crop(truth.shape, SIZE_MULTIPLE * self.format.cell_px)
            except UsageError as error:
                raise UsageError(f"{files.truth}: {error}") from error
            yield self._pair(files, crop, source, truth)

    def check_first(self) -> None:
        """Read the first pair of either side, so that a wrong format is reported before training starts."""
        for side in (self.training, self.validation):
            self._read(side[0])

    def _read(self, files: PairFiles) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        source, truth = self.format.read(files.source), read_rgb(files.truth)
        if source.shape[:2] != truth.shape[:2]:
            raise UsageError(
                f"{files.source} has {_size(source)} px, {files.truth} {_size(truth)} px; both must have one size. "
                "Unpack both again, or remove the pair."
            )
        return source, truth

    def _pair(self, files: PairFiles, crop: Crop, source: NDArray[Any], truth: NDArray[np.uint8]) -> Pair:
        return Pair(files.name, files.kind, self.format.to_planes(crop.of(source)), from_8_bit(crop.of(truth)))


def _size(picture: NDArray[Any]) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"
