"""Model inputs: RAW photographs or a synthetic picture for students, seeded noise for third-party models."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.tflite.graph import Graph, Tensor

SEED = 0
LEAVES = 400
"""Number of discs in the synthetic picture; they cover it several times over."""
NOISE = 0.01
LUMINANCE = (0.1, 0.9)
CHROMA = 0.05
"""Standard deviation of the channels around a disc's luminance, as in white-balanced photographs."""
MAX_ELEMENTS = 1 << 28
"""Of one input: 1 GiB of float32."""
_SMALL_INTEGERS = 2
"""Integers without a scale are indices or flags; 0 and 1 are valid in most models."""


@dataclass(frozen=True)
class Image:
    """One set of inputs for the primary subgraph."""

    name: str
    arrays: tuple[NDArray[Any], ...]

    def npz(self) -> bytes:
        """The arrays in order, as the worker reads them; equal arrays give equal bytes."""
        buffer = io.BytesIO()
        np.savez(buffer, *self.arrays)
        return buffer.getvalue()


def synthetic_image(side_px: int) -> Image:
    """A dead-leaves picture as packed planes: overlapping noisy discs of many sizes and colours.

    Its edge statistics resemble a photograph's (Lee, Mumford and Huang, "Occlusion models for natural images", 2001),
    so drift on it is more telling than on noise. side_px: packed side. Arrays: (1, side, side, 4) float32 in [0, 1].
    """
    rng = np.random.default_rng(SEED)
    rgb = np.full((2 * side_px, 2 * side_px, 3), 0.5, np.float32)
    rows, columns = np.ogrid[: 2 * side_px, : 2 * side_px]
    for _ in range(LEAVES):
        row, column = rng.uniform(0, 2 * side_px, 2)
        radius = side_px * 0.02 / rng.uniform(0.02, 1)
        color = rng.uniform(*LUMINANCE) + rng.normal(0, CHROMA, 3)
        rgb[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = color
    planes = np.stack([rgb[0::2, 0::2, 0], rgb[0::2, 1::2, 1], rgb[1::2, 0::2, 1], rgb[1::2, 1::2, 2]], axis=-1)
    noisy = planes + rng.normal(0, NOISE, planes.shape).astype(np.float32)
    return Image("synthetic", (np.clip(noisy, 0, 1).astype(np.float32)[None],))


def raw_image(path: Path, contract: InputContract, side_px: int) -> Image:
    """The centre of a RAW photograph as packed planes, (1, side, side, 4) float32.

    Raises UsageError if it is smaller, a RawError if it can't be read.
    """
    planes = prepare(read_raw(path), contract).planes
    top, left = (planes.shape[0] - side_px) // 2, (planes.shape[1] - side_px) // 2
    if min(top, left) < 0:
        raise UsageError(f"{path} has {planes.shape[1]}x{planes.shape[0]} packed px; --size {side_px} doesn't fit.")
    return Image(path.name, (np.ascontiguousarray(planes[None, top : top + side_px, left : left + side_px]),))


def random_image(model: bytes, shapes: Mapping[str, Sequence[int]]) -> Image:
    """Seeded noise for every input of any .tflite: floats in [0, 1), quantised integers over their type's full range.

    shapes: overrides of the file's shapes, by input name. A free number of pictures becomes 1; other free sides must
    be given.
    Raises ModelError on a corrupt file, UsageError on an unknown input, a free side, an absurd shape, or a
    type without numbers.
    """
    tensors = Graph.parse(model).inputs
    names = [tensor.name for tensor in tensors]
    for name in shapes:
        if name not in names:
            raise UsageError(f"The model has no input {name!r}; it has {', '.join(names)}.")
    rng = np.random.default_rng(SEED)
    return Image("random", tuple(_random_array(tensor, shapes.get(tensor.name), rng) for tensor in tensors))


def _sides(tensor: Tensor, given: Sequence[int] | None) -> tuple[int, ...]:
    sides = tuple(given or tensor.shape)
    if given is None:
        free = tensor.table.shapeSignature
        stored = sides if free is None or len(free) != len(sides) else tuple(map(int, free))
        if any(side < 1 for side in stored[1:]):
            shown = ",".join("?" if side < 1 else str(side) for side in stored)
            raise UsageError(
                f"Input {tensor.name!r} has free sides ({shown}); give them, such as --shape {tensor.name}="
                f"{','.join('224' if side < 1 else str(side) for side in (1, *stored[1:]))}."
            )
        sides = (max(1, sides[0]), *sides[1:]) if sides else ()
    if math.prod(sides) > MAX_ELEMENTS:
        raise UsageError(f"Input {tensor.name!r} of {math.prod(sides)} elements; at most {MAX_ELEMENTS} are measured.")
    return sides


def _random_array(tensor: Tensor, shape: Sequence[int] | None, rng: np.random.Generator) -> NDArray[Any]:
    sides = _sides(tensor, shape)
    name = tensor.dtype
    if name in ("float32", "float16", "float64"):
        return rng.random(sides).astype(name)
    if name == "bool":
        return rng.integers(0, 2, sides).astype(bool)
    if name not in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"):
        raise UsageError(f"Input {tensor.name!r} is {name}; only numeric inputs can be filled with noise.")
    limits = np.iinfo(name)
    low, high = (
        (limits.min, limits.max) if tensor.quantization is not None or limits.bits == 8 else (0, _SMALL_INTEGERS - 1)
    )
    return rng.integers(low, high, sides, dtype=name, endpoint=True)
