"""The interface of every set of pairs: crops to train on, and whole pictures for validation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """One input and its truth."""

    name: str
    """The picture it's from, for logs."""
    kind: str
    """The group it's scored with in validation: iso100 where the ISO is known, else the set's own split."""
    planes: F32
    """(h, w, C) float32 in [0, 1]: 4 packed planes of a mosaic, or RGB."""
    truth: F32
    """(H, W, 3) float32 sRGB in [0, 1]; twice the planes' size for a mosaic, the same for RGB."""


class PairSet(Protocol):
    """Pictures to train on, numbered from 0, and pictures to validate on."""

    def __len__(self) -> int:
        """Pictures to train on."""
        ...

    def crops(self, index: int, patch_px: int, count: int, rng: np.random.Generator) -> list[Pair]:
        """Random squares of one picture, each under one of the eight flips and turns. patch_px: of the truth.

        Raises UsageError if the picture can't be read or is too small.
        """
        ...

    def whole(self) -> Iterator[Pair]:
        """The validation pictures, cropped to the network's size multiple; always the same."""
        ...


def from_8_bit(picture: NDArray[np.uint8]) -> F32:
    """An 8-bit picture as float32 in [0, 1]; any shape."""
    return picture.astype(np.float32) * np.float32(1 / 255)
