"""Weights to their int8 grid, so that a filter's output changes least: errors of one weight go into the next.

Frantar et al., "GPTQ" (arXiv 2210.17323), after Hassibi and Stork's optimal brain surgeon: with the inverse covariance
of what a filter reads, each rounding error is made up for, as far as it can be, by the weights not yet rounded. On
neighbouring pixels, which are almost equal, that is nearly all of it.
"""

import numpy as np
from numpy.typing import NDArray

LARGEST_WEIGHT = 127
"""Of int8 weights, which are symmetric."""
_DAMPING = 0.01
"""Share of the mean variance added to every tap's: the calibration tiles aren't all there is."""
_BLOCK = 64
"""Columns whose effect on the rest is applied together."""


def round_nearest(weights: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each weight to the nearest multiple of its filter's step. weights: (filters, taps). steps: (filters,)."""
    quantized = np.clip(np.rint(weights / steps[:, None]), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    return np.asarray(quantized * steps[:, None])


def round_compensated(
    weights: NDArray[np.float64], steps: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights on the grid whose filters' outputs vary as before.

    weights: (filters, taps). steps: (filters,). covariance: (taps, taps) of what the filters read; a shift of the
    mean isn't compensated here but in the bias. Returns (filters, taps), multiples of the steps.
    """
    order = np.argsort(-np.diag(covariance), kind="stable")
    back = np.argsort(order)
    spread = _inverse_factor(covariance[np.ix_(order, order)])
    waiting, rounded = weights[:, order].copy(), np.zeros_like(weights)
    for start in range(0, len(order), _BLOCK):
        stop = min(start + _BLOCK, len(order))
        errors = np.zeros((len(weights), stop - start))
        for tap in range(start, stop):
            rounded[:, tap] = round_nearest(waiting[:, tap : tap + 1], steps)[:, 0]
            errors[:, tap - start] = (waiting[:, tap] - rounded[:, tap]) / spread[tap, tap]
            waiting[:, tap:stop] -= np.outer(errors[:, tap - start], spread[tap, tap:stop])
        waiting[:, stop:] -= errors @ spread[start:stop, stop:]
    return rounded[:, back]


def _inverse_factor(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upper Cholesky factor of the damped covariance's inverse."""
    variance = max(float(np.diag(covariance).mean()), 1e-12)
    damped = covariance + _DAMPING * variance * np.eye(len(covariance))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(damped)).T)
