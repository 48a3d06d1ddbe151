"""Validation frames."""

import numpy as np

from lwisp_export.synthesis.validation_frames import validation_frames


def test_frames_are_fixed_and_cut_to_the_multiple() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (70, 100, 3), dtype=np.uint8)
    first, again = (validation_frames([picture], (), (100, 3200)) for _ in range(2))
    assert all(np.array_equal(a.raw.mosaic, b.raw.mosaic) for a, b in zip(first, again))
    assert [frame.iso for frame in first] == [100, 3200]
    assert [frame.raw.white_level for frame in validation_frames([picture], (), (1, 100))] == [16383, 1023]
    assert first[0].truth.shape == (64, 96, 3)
