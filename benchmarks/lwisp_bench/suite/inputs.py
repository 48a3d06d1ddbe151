"""What models are fed: RAW photographs or a made picture for students, seeded noise for anybody else's model."""

import io
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
"""Discs of a made picture; they cover it several times over."""
NOISE = 0.01
LUMINANCE = (0.1, 0.9)
CHROMA = 0.05
"""Spread of the channels around a disc's luminance; after white balance, photographs are no more colourful."""
_SMALL_INTEGERS = 2
"""Integers without a scale are indices or flags; 0 and 1 are valid ones in most models."""


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


def made_image(side_px: int) -> Image:
    """A made picture as packed planes: noisy discs of many sizes and colours, one over the other.

    The statistics of edges are near a photograph's (Lee, Mumford and Huang, "Occlusion models for natural images",
    2001), so that drift on it means more than on noise. side_px: packed side. Arrays: (1, side, side, 4) float32.
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
    return Image("made", (np.clip(noisy, 0, 1).astype(np.float32)[None],))


def raw_image(path: Path, contract: InputContract, side_px: int) -> Image:
    """The middle of a RAW photograph as packed planes, (1, side, side, 4) float32.

    Raises UsageError if it's smaller, a RawError if it can't be read.
    """
    planes = prepare(read_raw(path), contract).planes
    top, left = (planes.shape[0] - side_px) // 2, (planes.shape[1] - side_px) // 2
    if min(top, left) < 0:
        raise UsageError(f"{path} has {planes.shape[1]}x{planes.shape[0]} packed px; --size {side_px} doesn't fit.")
    return Image(path.name, (np.ascontiguousarray(planes[None, top : top + side_px, left : left + side_px]),))


def random_image(model: bytes, shapes: Mapping[str, Sequence[int]]) -> Image:
    """Seeded noise for every input of any .tflite: floats in [0, 1), quantised integers over their whole type.

    shapes: shapes to use instead of the file's, by input name; unknown sides of the others are taken as 1.
    Raises ModelError on a broken file, UsageError on a name that isn't an input or a type that can't be made.
    """
    tensors = Graph.parse(model).inputs
    names = [tensor.name for tensor in tensors]
    for name in shapes:
        if name not in names:
            raise UsageError(f"The model has no input {name!r}; it has {', '.join(names)}.")
    rng = np.random.default_rng(SEED)
    return Image("random", tuple(_random_array(tensor, shapes.get(tensor.name), rng) for tensor in tensors))


def _random_array(tensor: Tensor, shape: Sequence[int] | None, rng: np.random.Generator) -> NDArray[Any]:
    sides = tuple(max(1, side) for side in (tensor.shape if shape is None else shape))
    name = tensor.dtype
    if name in ("float32", "float16", "float64"):
        return rng.random(sides).astype(name)
    if name == "bool":
        return rng.integers(0, 2, sides).astype(bool)
    if name not in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"):
        raise UsageError(f"Input {tensor.name!r} is {name}; noise can be made for numbers only.")
    limits = np.iinfo(name)
    low, high = (
        (limits.min, limits.max) if tensor.quantization is not None or limits.bits == 8 else (0, _SMALL_INTEGERS - 1)
    )
    return rng.integers(low, high, sides, dtype=name, endpoint=True)
