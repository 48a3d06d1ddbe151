"""Activation ranges for int8, measured on tiles."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.errors import QuantizationError
from lwisp_mobile.tflite.graph import Graph

STEPS = 255
"""An int8 range has 256 values, 255 steps."""


@dataclass(frozen=True)
class Range:
    """The values one tensor takes; always includes 0, which zero padding needs."""

    low: float
    high: float

    @property
    def scale(self) -> float:
        """The int8 step."""
        return (self.high - self.low) / STEPS

    def join(self, other: "Range") -> "Range":
        """The smallest range that includes both."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def clip(self, edges: "Range") -> "Range":
        """The part within the edges."""
        return Range(max(self.low, edges.low), min(self.high, edges.high))

    def widen(self, scale: float) -> "Range":
        """This range, or one with the given scale if its own is smaller."""
        if self.scale >= scale:
            return self
        if self.scale == 0:
            return Range(0.0, scale * STEPS)
        return Range(self.low * scale / self.scale, self.high * scale / self.scale)


def measure_ranges(float_model: Graph, tiles: Sequence[np.ndarray]) -> dict[str, Range]:
    """Smallest and largest value of every float tensor over all tiles, by tensor name.

    True minima and maxima: a moving average forgets the few bright tiles, and clips their like ever after.
    float_model: a student's. tiles: each (h, w, planes) float32 in [0, 1], sides multiples of 16.
    Raises QuantizationError on other tiles.
    """
    ranges: dict[str, Range] = {}
    for name, values in run_all(float_model, tiles):
        found = Range(min(float(values.min()), 0.0), max(float(values.max()), 0.0))
        ranges[name] = found.join(ranges.get(name, found))
    return ranges


def measure_peaks(float_model: Graph, tiles: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Largest magnitude in each channel of every picture tensor, by tensor name: (channels,) float32.

    Arguments and errors as for `measure_ranges`.
    """
    peaks: dict[str, np.ndarray] = {}
    for name, values in run_all(float_model, tiles):
        if values.ndim == 4:
            found = np.abs(values).max(axis=(0, 1, 2))
            peaks[name] = np.maximum(found, peaks.get(name, found))
    return peaks


def run_all(float_model: Graph, tiles: Sequence[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Every float tensor of every tile's run, one tile after the other, as (name, values).

    Arguments and errors as for `measure_ranges`.
    """
    _check_tiles(tiles, planes=float_model.inputs[0].shape[-1])
    interpreter = _open(float_model.pack())
    for tile in tiles:
        yield from _run(interpreter, tile)


def _check_tiles(tiles: Sequence[np.ndarray], planes: int) -> None:
    if not tiles:
        raise QuantizationError(
            "There are no calibration tiles; int8 needs some of every exposure up to clipped white."
        )
    for number, tile in enumerate(tiles):
        _check_tile(tile, number, planes)


def _check_tile(tile: np.ndarray, number: int, planes: int) -> None:
    if tile.ndim != 3 or tile.shape[2] != planes or tile.shape[0] % 16 or tile.shape[1] % 16 or tile.size == 0:
        raise QuantizationError(
            f"Calibration tile {number} has shape {tile.shape}; it must be (h, w, {planes}), h and w multiples of 16."
        )
    low, high = float(tile.min()), float(tile.max())
    # Written so that NaN fails.
    if not (low >= 0 and high <= 1):
        raise QuantizationError(
            f"Calibration tile {number} has values from {low} to {high}; they must be in [0, 1]. "
            "Make tiles with lwisp_mobile.preprocess."
        )


def _open(float_model: bytes) -> Interpreter:
    with warnings.catch_warnings():
        # It warns of the memory that kept tensors take; here they are what is wanted.
        warnings.filterwarnings("ignore", message=r".*experimental_preserve_all_tensors", category=UserWarning)
        return Interpreter(model_content=float_model, num_threads=1, experimental_preserve_all_tensors=True)


def _run(interpreter: Interpreter, tile: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, (1, *tile.shape))
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, tile[None].astype(np.float32))
    interpreter.invoke()
    for details in interpreter.get_tensor_details():
        if details["name"] and details["dtype"] == np.float32:
            values = interpreter.get_tensor(details["index"])
            if not np.isfinite(values).all():
                raise QuantizationError(
                    f"The float model gives values in {details['name']} that aren't finite. Retrain it."
                )
            yield details["name"], values
