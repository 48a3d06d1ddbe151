"""What each convolution reads over the calibration tiles: means and covariances of the values under its filters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_export.quantization.ranges import run_all
from lwisp_mobile.tflite.graph import Graph, Operator

PATCHES_PER_TILE = 256
"""Places at which a convolution's input is read in each tile; tiles by the dozen make thousands."""


@dataclass(frozen=True)
class Moments:
    """Of what one convolution reads."""

    mean: NDArray[np.float64]
    """(taps,): of the value under each of a filter's weights; taps are (row, column, channel), flattened."""
    covariance: NDArray[np.float64]
    """(taps, taps)."""


@dataclass
class _Sums:
    count: int
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    def moments(self) -> Moments:
        mean = self.first / self.count
        return Moments(mean, self.second / self.count - np.outer(mean, mean))


def measure_moments(float_model: Graph, tiles: Sequence[np.ndarray]) -> dict[str, Moments]:
    """Means and covariances under the filters of every convolution, by the name of its output tensor.

    float_model: a student's. tiles: each (h, w, planes) float32 in [0, 1]. The places that are read
    are drawn at random, the same ones each time. Raises QuantizationError on other tiles.
    """
    readers: dict[str, list[Operator]] = {}
    for operator in float_model.operators:
        if operator.kind == "CONV_2D":
            readers.setdefault(operator.inputs[0].name, []).append(operator)
    rng, sums = np.random.default_rng(0), dict[str, _Sums]()
    for name, values in run_all(float_model, tiles):
        for operator in readers.get(name, []):
            patches = _read_patches(values[0], *_window(operator), rng)
            _add(sums, operator.output.name, patches)
    return {name: total.moments() for name, total in sums.items()}


def _window(convolution: Operator) -> tuple[tuple[int, int], int]:
    """A convolution's window, (rows, columns), and its stride; the student's strides are square."""
    _filters, rows, columns, _channels = convolution.weights.shape
    return (rows, columns), convolution.strides[0]


def _read_patches(
    values: NDArray[np.float32], window: tuple[int, int], stride: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """What a filter sees at random places: (places, taps), zeros beyond the border. values: (h, w, channels)."""
    height, width = (-(-side // stride) for side in values.shape[:2])
    before = [
        max((count - 1) * stride + size - side, 0) // 2
        for count, size, side in zip((height, width), window, values.shape)
    ]
    padded = np.pad(values, ((before[0], window[0]), (before[1], window[1]), (0, 0)))
    places = rng.permutation(height * width)[:PATCHES_PER_TILE]
    tops, lefts = places // width * stride, places % width * stride
    taps = [padded[tops + row, lefts + column] for row in range(window[0]) for column in range(window[1])]
    return np.concatenate(taps, axis=1).astype(np.float64)


def _add(sums: dict[str, _Sums], name: str, patches: NDArray[np.float64]) -> None:
    first, second = patches.sum(axis=0), patches.T @ patches
    if name not in sums:
        sums[name] = _Sums(len(patches), first, second)
    else:
        sums[name].count += len(patches)
        sums[name].first += first
        sums[name].second += second
