"""Weights on the int8 grid: nearest and compensated."""

import numpy as np

from lwisp_export.quantization.rounding import round_compensated, round_nearest


def correlated(count: int, taps: int) -> np.ndarray:
    """What a filter reads of a smooth picture: one value shared by its taps and a little of their own."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, 1)) + 0.05 * rng.normal(size=(count, taps))


def test_compensated_weights_are_on_the_grid_and_far_better_than_nearest() -> None:
    rng = np.random.default_rng(1)
    weights, patches = rng.normal(size=(8, 36)), correlated(2000, 36)
    steps = np.abs(weights).max(axis=1) / 127
    found = {
        "nearest": round_nearest(weights, steps),
        "compensated": round_compensated(weights, steps, np.cov(patches.T)),
    }
    errors = {name: np.var((weights - rounded) @ patches.T) for name, rounded in found.items()}
    assert errors["compensated"] < errors["nearest"] / 10
    codes = found["compensated"] / steps[:, None]
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-9)
    assert np.abs(codes).max() <= 127 + 1e-9


def test_weights_that_nothing_reads_are_rounded_to_the_nearest() -> None:
    weights = np.random.default_rng(2).normal(size=(4, 9))
    steps = np.abs(weights).max(axis=1) / 127
    np.testing.assert_array_equal(round_compensated(weights, steps, np.zeros((9, 9))), round_nearest(weights, steps))
