"""Batches of pairs: step n of a seed is always the same batch, whatever set the pairs are from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lwisp_export.training.batches import Batch, Share, to_tensor
from lwisp_export.training.pairs.pair_set import Pair, PairSet
from lwisp_export.training.validation import ValidationPair, one_picture


@dataclass(frozen=True)
class PairBatches:
    """Batch number n of a set, determined by the seed and n alone."""

    pairs: PairSet
    patch_px: int
    """Side of a patch of the truth; a multiple of 32 for mosaics, of 16 for RGB."""
    batch: int
    seed: int
    steps: int
    crops_per_picture: int = 1
    """Patches cut from each picture that is read; more where reading takes long, as SIDD's 16-megapixel PNGs do."""
    share: Share = field(default_factory=Share)
    """Pictures are shared out, not patches, so that none is read twice."""

    def __len__(self) -> int:
        """Batches up to the end of training."""
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        """Inputs (N, C, h, w) and truths (N, 3, H, W), float32 in [0, 1].

        Raises UsageError if a picture can't be read or is too small.
        """
        first_patches = range(0, self.batch, self.crops_per_picture)[self.share.index :: self.share.of]
        pairs = [pair for first in first_patches for pair in self._crops(step, first)]
        return Batch(to_tensor(tuple(pair.planes for pair in pairs)), to_tensor(tuple(pair.truth for pair in pairs)))

    def _crops(self, step: int, first_patch: int) -> list[Pair]:
        """The patches of one picture, the batch's from number first_patch on."""
        rng = np.random.default_rng([self.seed, step, first_patch])
        count = min(self.crops_per_picture, self.batch - first_patch)
        return self.pairs.crops(int(rng.integers(len(self.pairs))), self.patch_px, count, rng)


def whole_pairs(pairs: PairSet) -> Iterator[ValidationPair]:
    """The validation pictures of a set, read one by one."""
    for pair in pairs.whole():
        yield ValidationPair(pair.kind, one_picture(pair.planes), one_picture(pair.truth))
