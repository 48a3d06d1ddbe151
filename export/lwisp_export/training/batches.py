"""Training batches, generated on the fly: step n of a seed is always the same batch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.pairs import make_pair
from lwisp_export.synthesis.shots import ShotRange
from lwisp_export.training.photos import Picture
from lwisp_mobile.contract import InputContract, RenderedTone
from lwisp_mobile.preprocess.prepare import prepare

F32 = NDArray[np.float32]

CONTEXT_CROPS = 2
"""Crops per side of a training context, half a patch each, so that a context costs as much as a patch."""


class Batch(NamedTuple):
    """What one step trains on; a tuple, because torch's loader passes tuples through unchanged."""

    input: Tensor
    """(N, planes, h, w) float32 in [0, 1]."""
    truth: Tensor
    """(N, 3, H, W) float32 in [0, 1]."""
    context: Tensor | None = None
    """Crops of the same frames side by side, shaped as the input; None: the input is its own context."""
    iso: Tensor | None = None
    """(N,) float32; None where it isn't known."""


class Source(Protocol):
    """Batches by number."""

    def __len__(self) -> int:
        """Batches up to the end of training."""

    def __getitem__(self, step: int) -> Batch:
        """Batch number step, always the same."""


@dataclass(frozen=True)
class Share:
    """Which of a batch's pictures this process generates: index, index + of, …; with one process, all."""

    index: int = 0
    of: int = 1


@dataclass(frozen=True)
class BatchSource:
    """Batch number n of packed planes and finished pictures, determined by the seed and n alone."""

    pictures: tuple[Picture, ...]
    shots: ShotRange
    contract: InputContract
    patch_px: int
    batch: int
    seed: int
    steps: int
    context_share: float = 0.0
    share: Share = field(default_factory=Share)
    by_area: bool = False
    rendered: RenderedTone = "contrast"
    """Tone of the finished pictures."""
    photograph_tone: RenderedTone = "contrast"

    def __len__(self) -> int:
        """Batches up to the end of training."""
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        """Packed planes (N, planes, p/2, p/2), finished pictures (N, 3, p, p), and in some steps a context."""
        # Decided by the step alone: every process of a distributed run takes the same branch.
        with_context = np.random.default_rng([self.seed, step]).random() < self.context_share
        members = range(self.share.index, self.batch, self.share.of)
        samples = [self._sample(np.random.default_rng([self.seed, step, i]), with_context) for i in members]
        inputs, truths, contexts, isos = zip(*samples)
        context = to_tensor(contexts) if with_context else None
        return Batch(to_tensor(inputs), to_tensor(truths), context, torch.tensor(isos, dtype=torch.float32))

    def _sample(self, rng: np.random.Generator, with_context: bool) -> tuple[F32, F32, F32, float | None]:
        picture, shot = self._picture(rng), self.shots.sample(rng)
        planes, truth = self._pair(turn(crop(picture, self.patch_px, rng), rng), shot, rng)
        context = self._context(picture, shot, rng) if with_context else truth
        return planes, truth, context, shot.iso

    def _picture(self, rng: np.random.Generator) -> Picture:
        if not self.by_area:
            return self.pictures[rng.integers(len(self.pictures))]
        return self.pictures[int(np.searchsorted(self._areas, rng.random() * self._areas[-1], side="right"))]

    @cached_property
    def _areas(self) -> NDArray[np.int64]:
        """Pixels of the pictures up to and with each."""
        return np.cumsum([picture.shape[0] * picture.shape[1] for picture in self.pictures])

    def _context(self, picture: Picture, shot: Shot, rng: np.random.Generator) -> F32:
        """Crops from all over the photograph in the same shot, as the runtime samples a frame's context."""
        side_px = self.patch_px // CONTEXT_CROPS
        crops = [self._pair(crop(picture, side_px, rng), shot, rng)[0] for _ in range(CONTEXT_CROPS**2)]
        rows = [crops[start : start + CONTEXT_CROPS] for start in range(0, len(crops), CONTEXT_CROPS)]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])

    def _pair(self, picture: Picture, shot: Shot, rng: np.random.Generator) -> tuple[F32, F32]:
        """Packed planes and finished picture."""
        raw, truth = make_pair(picture, shot, rng, self.rendered, self.photograph_tone)
        return prepare(raw, self.contract).planes, truth


def to_tensor(pictures: tuple[F32, ...]) -> Tensor:
    """N pictures (H, W, C) to one tensor (N, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2)))


def crop(picture: Picture, side_px: int, rng: np.random.Generator) -> Picture:
    """A random square of a picture."""
    top = rng.integers(picture.shape[0] - side_px + 1)
    left = rng.integers(picture.shape[1] - side_px + 1)
    return picture[top : top + side_px, left : left + side_px]


def turn(picture: Picture, rng: np.random.Generator) -> Picture:
    """One of the eight flips and quarter turns."""
    turned: Picture = np.rot90(picture, int(rng.integers(4)))
    return turned[:, ::-1] if rng.integers(2) else turned


def batches(source: Source, first_step: int, workers: int) -> Iterator[Batch]:
    """Batches from first_step on, prefetched by worker processes (0: in this process)."""
    return iter(
        DataLoader(
            source,  # type: ignore[arg-type]  # a Source is all of a Dataset that the loader uses
            batch_size=None,
            sampler=range(first_step, len(source)),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            multiprocessing_context="fork" if workers else None,
        )
    )
