"""Training batches made on the fly: step n of a seed is always the same batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lwisp_export.distill.photos import Picture
from lwisp_export.unprocess.pairs import ShotRange, make_pair
from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.prepare import prepare

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class BatchSource(Dataset[tuple[Tensor, Tensor]]):
    """Batch number n, made from nothing but the seed and n."""

    pictures: tuple[Picture, ...]
    shots: ShotRange
    contract: InputContract
    patch_px: int
    batch: int
    seed: int
    steps: int

    def __len__(self) -> int:
        """Batches up to the end of training."""
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """Packed planes (N, 4, p/2, p/2) and finished pictures (N, 3, p, p), float32 in [0, 1]."""
        rng = np.random.default_rng([self.seed, step])
        pairs = [self._pair(rng) for _ in range(self.batch)]
        packed, truth = (np.stack(side).transpose(0, 3, 1, 2) for side in zip(*pairs))
        return torch.from_numpy(np.ascontiguousarray(packed)), torch.from_numpy(np.ascontiguousarray(truth))

    def _pair(self, rng: np.random.Generator) -> tuple[F32, F32]:
        picture = self.pictures[rng.integers(len(self.pictures))]
        patch = turn(crop(picture, self.patch_px, rng), rng)
        raw, truth = make_pair(patch, self.shots.sample(rng), rng)
        return prepare(raw, self.contract).planes, truth


def crop(picture: Picture, side_px: int, rng: np.random.Generator) -> Picture:
    """A random square of a picture."""
    top = rng.integers(picture.shape[0] - side_px + 1)
    left = rng.integers(picture.shape[1] - side_px + 1)
    return picture[top : top + side_px, left : left + side_px]


def turn(picture: Picture, rng: np.random.Generator) -> Picture:
    """One of the eight flips and quarter turns."""
    turned: Picture = np.rot90(picture, int(rng.integers(4)))
    return turned[:, ::-1] if rng.integers(2) else turned


def batches(source: BatchSource, first_step: int, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches from first_step on, made ahead by worker processes (0: in this process)."""
    return iter(
        DataLoader(
            source,
            batch_size=None,
            sampler=range(first_step, source.steps),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            multiprocessing_context="fork" if workers else None,
        )
    )
