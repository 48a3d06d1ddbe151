"""The teacher's training data: clean photographs, and the same with noise and blanked blocks."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwisp_export.training.batches import Batch, Share, crop, to_tensor, turn
from lwisp_export.training.pairs.pair_set import from_8_bit
from lwisp_export.training.photos import Picture
from lwisp_export.training.training_recipe import TeacherRecipe

F32 = NDArray[np.float32]

BLOCK_PX = 16
BLANK = np.float32(0.5)


def corrupt(picture: F32, recipe: TeacherRecipe, rng: np.random.Generator) -> F32:
    """Noise of a random strength, then a random share of blocks blanked to grey. (H, W, 3) in [0, 1]."""
    strength = np.float32(rng.uniform(0, recipe.noise))
    noisy = picture + strength * rng.standard_normal(picture.shape, dtype=np.float32)
    blocks = rng.random([-(-side // BLOCK_PX) for side in picture.shape[:2]]) < rng.uniform(0, recipe.masked)
    blanked = blocks.repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)[: picture.shape[0], : picture.shape[1], None]
    return np.where(blanked, BLANK, np.clip(noisy, np.float32(0), np.float32(1)))


@dataclass(frozen=True)
class CorruptedSource:
    """Batch number n of corrupted and clean pictures, determined by the seed and n alone."""

    pictures: tuple[Picture, ...]
    recipe: TeacherRecipe
    patch_px: int
    batch: int
    seed: int
    steps: int
    share: Share = field(default_factory=Share)

    def __len__(self) -> int:
        """Batches up to the end of training."""
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        """Corrupted and clean pictures, (N, 3, p, p) each."""
        members = range(self.share.index, self.batch, self.share.of)
        samples = [self._sample(np.random.default_rng([self.seed, step, i])) for i in members]
        inputs, truths = zip(*samples)
        return Batch(to_tensor(inputs), to_tensor(truths))

    def _sample(self, rng: np.random.Generator) -> tuple[F32, F32]:
        picture = self.pictures[rng.integers(len(self.pictures))]
        clean = from_8_bit(turn(crop(picture, self.patch_px, rng), rng))
        return corrupt(clean, self.recipe, rng), clean
