"""The teacher's input: noise and blanked blocks."""

import numpy as np

from lwisp_export.training.corruption import BLANK, corrupt
from lwisp_export.training.training_recipe import TeacherRecipe


def test_the_teachers_input_is_corrupted() -> None:
    picture = np.full((64, 80, 3), 0.25, np.float32)
    recipe = TeacherRecipe(noise=0.1, masked=0.5)
    corrupted = corrupt(picture, recipe, np.random.default_rng(1))
    blank = (corrupted == BLANK).all(axis=2)
    assert 0 < blank.mean() < 0.6
    assert all(block.all() or not block.any() for block in blank.reshape(4, 16, 5, 16).swapaxes(1, 2).reshape(-1, 256))
    assert 0 < corrupted[~blank].std() < 0.12
    clean = corrupt(picture, TeacherRecipe(noise=0, masked=0), np.random.default_rng(1))
    assert np.array_equal(clean, picture)
