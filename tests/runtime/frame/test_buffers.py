"""Buffers of one frame: cut and stored by tile, freed after their last reader."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.buffers import FeatureBuffer, FrameBuffers, PackedBuffer, PictureBuffer
from lwisp_mobile.frame.memory_model import live_tensors
from lwisp_mobile.frame.tiles import Tile, split_side
from lwisp_mobile.output.tone import apply_tone

FLOAT = TensorSpec("packed", "float32", None, None, 4, 1)
RGB = TensorSpec("rgb", "int8", 1 / 256, -128, 3, 2)


class NumberedPlanes:
    """Planes whose every value is its row; remembers what was asked for."""

    def __init__(self, height_px: int, width_px: int) -> None:
        self.height_px, self.width_px = height_px, width_px
        self.filled: list[tuple[int, int]] = []

    def fill(
        self,
        out: NDArray[Any],
        top_px: int = 0,
        left_px: int = 0,
        encode: Callable[[NDArray[np.float32]], NDArray[Any]] | None = None,
    ) -> None:
        self.filled.append((top_px, len(out)))
        values = np.broadcast_to(np.arange(top_px, top_px + len(out), dtype=np.float32)[:, None, None], out.shape)
        out[...] = values if encode is None else encode(values)


def tiles_of(height: int, width: int, tile: int, halo: int) -> list[Tile]:
    return [
        Tile(rows, columns)
        for rows in split_side(height, min(tile, height), halo)
        for columns in split_side(width, min(tile, width), halo)
    ]


@pytest.mark.parametrize("resolution", [0.25, 0.5, 1, 2])
def test_what_is_cut_can_be_put_together_again(resolution: float) -> None:
    sides = round(96 * resolution), round(64 * resolution)
    source = FeatureBuffer(np.random.default_rng(0).integers(-128, 128, (*sides, 3)).astype(np.int8), resolution)
    sink = FeatureBuffer(np.zeros((*sides, 3), np.int8), resolution)
    for tile in tiles_of(96, 64, 40, 12):
        sink.store(tile, source.cut(tile))
    assert np.array_equal(sink.values, source.values)


def test_packed_planes_are_prepared_once_before_their_tiles() -> None:
    planes = NumberedPlanes(400, 32)
    packed = PackedBuffer(planes, FLOAT)
    tiles = tiles_of(400, 32, 64, 8)
    with ThreadPoolExecutor(3) as workers:
        for tile, values in zip(tiles, workers.map(packed.cut, tiles)):
            assert np.array_equal(values[0, :, 0, 0], np.arange(tile.rows.start, tile.rows.stop))
    assert [top for top, _ in planes.filled] == [0, *accumulate(rows for _, rows in planes.filled)][:-1]
    assert sum(rows for _, rows in planes.filled) == 400


def test_features_are_freed_after_their_last_reader() -> None:
    contract = shipped_bundle().model("int8").contract
    picture = PictureBuffer(np.empty((64, 64, 3), np.uint8), (0, 0), contract.output_tensor)
    image_wide = {
        name: np.zeros((1, 1, 1, contract.tensor(name).channels), np.int8) for name in contract.sample.outputs
    }
    buffers = FrameBuffers(contract, NumberedPlanes(32, 32), picture, image_wide)
    (tile,) = tiles_of(32, 32, 32, 0)
    held: dict[str, weakref.ref[Any]] = {}
    for place, stage in enumerate(contract.stages):
        buffers.begin(stage, live_tensors(contract.stages, place))
        inputs = buffers.read(stage, tile)
        assert {name: values.shape[3] for name, values in inputs.items()} == {
            name: contract.tensor(name).channels for name in stage.inputs
        }
        held |= {name: weakref.ref(values.base) for name, values in inputs.items() if name not in image_wide}
        (spec,) = (contract.tensor(name) for name in stage.outputs)
        side = round(32 * spec.resolution)
        buffers.store(tile, {spec.name: np.full((1, side, side, spec.channels), 127, np.int8)})
        del inputs
    gc.collect()
    assert {name for name, values in held.items() if values() is not None} == {"packed", "skip2", "upsampled2"}
    assert (picture.rgb == 254).all()


def test_a_picture_of_another_type_is_refused() -> None:
    with pytest.raises(UsageError, match="A picture of int32"):
        PictureBuffer(np.empty((4, 4, 3), np.int32), (0, 0), RGB)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_picture_is_cropped_and_converted(dtype: type) -> None:
    values = np.arange(-128, 128).astype(np.int8).repeat(3 * 4).reshape(1, 32, 32, 3)
    rgb = np.zeros((29, 30, 3), dtype)
    (tile,) = tiles_of(16, 16, 16, 0)
    PictureBuffer(rgb, (1, 0), RGB).store(tile, values)
    real = (values[0, 1:30, :30].astype(np.float32) + 128) / 256
    scale = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    assert np.abs(rgb / scale - real).max() <= 0.5 / scale + 1e-7


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_float_picture_s_tone_is_changed_strip_by_strip(dtype: type) -> None:
    """More pixels than are converted at a time; values that a float model may give beyond [0, 1] are clipped."""
    spec = TensorSpec("rgb", "float32", None, None, 3, 2)
    values = np.random.default_rng(0).uniform(-0.01, 1.01, (1, 768, 256, 3)).astype(np.float32)
    (tile,) = tiles_of(384, 128, 384, 0)
    rgb, plain = np.zeros((767, 254, 3), dtype), np.zeros((767, 254, 3), np.float32)
    PictureBuffer(rgb, (1, 0), spec, rendered="contrast", wanted="standard").store(tile, values)
    PictureBuffer(plain, (1, 0), spec).store(tile, values)
    toned = apply_tone(np.clip(plain, 0, 1), rendered="contrast", wanted="standard")
    scale = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    assert np.abs(rgb / np.float64(scale) - toned).max() <= (0.5 / scale if scale > 1 else 0) + 1e-7
