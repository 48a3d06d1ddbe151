"""What lies between the stages of one frame: features of the whole frame by name, and the finished picture."""

from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import ModelContract, RenderedTone, SignatureContract, TensorSpec
from lwisp_mobile.engine.quantization import Values, check_finite, dequantize, quantize
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.global_context import Planes
from lwisp_mobile.frame.tiles import Span, Tile
from lwisp_mobile.memory import trim_heap
from lwisp_mobile.output.picture import to_8_bit, to_16_bit
from lwisp_mobile.output.tone import Tone, apply_tone, tone_note, tone_table

_CONVERSIONS: dict[str, Callable[[NDArray[np.float32]], NDArray[Any]]] = {
    "uint8": to_8_bit,
    "uint16": to_16_bit,
    "float32": lambda rgb: rgb,
}
STRIP_PX = 1 << 16
"""Pixels of a float picture whose tone is changed at a time."""


class FeatureBuffer:
    """A tensor of the whole frame, cut and put together tile by tile, by all workers at once."""

    def __init__(self, values: Values, resolution: float) -> None:
        """values: (h, w, channels). resolution: its pixels along a side per packed px."""
        self.values, self._resolution = values, resolution

    def cut(self, tile: Tile) -> Values:
        """A tile with its halo: (1, h, w, channels), contiguous."""
        rows, columns = (slice(self._here(span.start), self._here(span.stop)) for span in (tile.rows, tile.columns))
        return np.ascontiguousarray(self.values[rows, columns])[None]

    def store(self, tile: Tile, result: Values) -> None:
        """Store the part of a tile's result, (1, h, w, channels), that is kept."""
        spans = tile.rows, tile.columns
        rows, columns = (slice(self._here(span.keep_start), self._here(span.keep_stop)) for span in spans)
        self.values[rows, columns] = kept_part(tile, result[0])

    def _here(self, packed_px: int) -> int:
        return round(packed_px * self._resolution)


class PackedBuffer(FeatureBuffer):
    """The packed planes, prepared from the top down shortly before tiles need them.

    By one worker at a time: two would wait for Python's lock more often than they'd gain.
    """

    def __init__(self, planes: Planes, spec: TensorSpec) -> None:
        """planes: the frame's, prepared where they are asked for. spec: the model's input tensor."""
        super().__init__(np.empty((planes.height_px, planes.width_px, spec.channels), spec.dtype), resolution=1)
        self._planes, self._spec, self._ready_px, self._lock = planes, spec, 0, Lock()

    def cut(self, tile: Tile) -> Values:
        """As a FeatureBuffer. Whoever comes first also prepares the rows below, for which others needn't wait."""
        needed_px = tile.rows.stop
        below_px = min(2 * needed_px - tile.rows.start, len(self.values))
        if self._ready_px < below_px and self._lock.acquire(blocking=self._ready_px < needed_px):
            try:
                if self._ready_px < below_px:
                    self._prepare(below_px)
            finally:
                self._lock.release()
        return super().cut(tile)

    def _prepare(self, stop_px: int) -> None:
        rows = self.values[self._ready_px : stop_px]
        self._planes.fill(rows, self._ready_px, encode=lambda values: quantize(values, self._spec))
        self._ready_px = stop_px


class PictureBuffer:
    """The finished picture, cropped to the mosaic's own pixels, in the type it will be written in."""

    def __init__(
        self,
        rgb: NDArray[Any],
        cfa_offset_px: tuple[int, int],
        spec: TensorSpec,
        *,
        rendered: RenderedTone = "contrast",
        wanted: Tone = "contrast",
    ) -> None:
        """rgb: (H, W, 3) uint8, uint16 or float32, filled by `store`.

        cfa_offset_px: rows and columns that `align` put before the mosaic. spec: the model's output tensor. rendered,
        wanted: the tone that the model's pictures have, and that of this one. Raises UsageError on another type.
        """
        if rgb.dtype.name not in _CONVERSIONS:
            raise UsageError(f"A picture of {rgb.dtype} can't be made; choose {', '.join(_CONVERSIONS)}.")
        self.rgb, self._cfa_offset_px, self._scale = rgb, cfa_offset_px, round(spec.resolution)
        self._convert = _CONVERSIONS[rgb.dtype.name]
        self._rendered, self._wanted = rendered, wanted
        self.notes: tuple[str, ...] = ()
        """What the tone costs, for the user to read."""
        self._table = None
        if spec.scale is not None:
            values = dequantize(_every_value(spec), spec)
            self._table = self._convert(tone_table(values, rendered=rendered, wanted=wanted))
            self.notes = tone_note(values, rendered=rendered, wanted=wanted)
        self._by_step = self._table is not None and np.array_equal(_bytes_of_256ths(_every_value(spec)), self._table)

    def store(self, tile: Tile, result: Values) -> None:
        """Convert and store the part of a tile's result, (1, h, w, 3), that is kept."""
        part = kept_part(tile, result[0])
        top, left = (
            span.keep_start * self._scale - offset_px
            for span, offset_px in zip((tile.rows, tile.columns), self._cfa_offset_px)
        )
        part = part[max(-top, 0) :, max(-left, 0) :]
        place = self.rgb[max(top, 0) :, max(left, 0) :][: part.shape[0], : part.shape[1]]
        for rows in self._strips(place):
            place[rows] = self._converted(part[rows, : place.shape[1]])

    def _strips(self, place: NDArray[Any]) -> list[slice]:
        """Rows converted at a time: few where a float picture's tone changes, which takes several times their size."""
        height, width, _ = place.shape
        if self._table is not None or self._rendered == self._wanted:
            return [slice(0, height)]
        step = max(1, STRIP_PX // max(width, 1))
        return [slice(top, min(top + step, height)) for top in range(0, height, step)]

    def _converted(self, values: Values) -> NDArray[Any]:
        if self._table is None:
            check_finite(values)
            return self._convert(self._toned(values))
        if self._by_step:
            return _bytes_of_256ths(values)
        # An int8 value's bits are its place in a table of all 256.
        return np.take(self._table, values.view(np.uint8))

    def _toned(self, values: Values) -> Values:
        if self._rendered == self._wanted:
            return values
        return apply_tone(np.clip(values, np.float32(0), np.float32(1)), rendered=self._rendered, wanted=self._wanted)


class FrameBuffers:
    """All tensors of one frame by name, from packed planes to picture."""

    def __init__(
        self, contract: ModelContract, planes: Planes, picture: PictureBuffer, image_wide: Mapping[str, Values]
    ) -> None:
        """image_wide: what the sample gave: channel gates and global vector."""
        self._contract, self._size_px = contract, (planes.height_px, planes.width_px)
        self._image_wide, self._picture = image_wide, picture
        self._picture_name, packed = contract.output_tensor.name, contract.input_tensor
        self._features: dict[str, FeatureBuffer] = {packed.name: PackedBuffer(planes, packed)}

    def begin(self, stage: SignatureContract, live: Collection[str]) -> None:
        """Make room for a stage's outputs. live: names of tensors that are still needed; the others are freed."""
        for name in self._features.keys() - live:
            del self._features[name]
        # Else glibc keeps most of what this stage freed, and the one before: up to 50 MB of a budget of 250.
        trim_heap()
        self._features |= {name: self._empty(name) for name in stage.outputs if name != self._picture_name}

    def read(self, stage: SignatureContract, tile: Tile) -> dict[str, Values]:
        """A stage's inputs for one tile."""
        return {
            name: self._image_wide[name] if name in self._image_wide else self._features[name].cut(tile)
            for name in stage.inputs
        }

    def store(self, tile: Tile, outputs: Mapping[str, Values]) -> None:
        """Store what the stage that was begun last gave for one tile."""
        for name, result in outputs.items():
            sink = self._picture if name == self._picture_name else self._features[name]
            sink.store(tile, result)

    def _empty(self, name: str) -> FeatureBuffer:
        spec = self._contract.tensor(name)
        shape = (*(round(px * spec.resolution) for px in self._size_px), spec.channels)
        return FeatureBuffer(np.empty(shape, spec.dtype), spec.resolution)


def kept_part(tile: Tile, result: Values) -> Values:
    """The view of a tile's result, (h, w, channels), that is kept."""
    return result[_kept(tile.rows, result.shape[0]), _kept(tile.columns, result.shape[1])]


def _kept(span: Span, side_px: int) -> slice:
    length = span.stop - span.start
    return slice(*((px - span.start) * side_px // length for px in (span.keep_start, span.keep_stop)))


def _bytes_of_256ths(values: Values) -> NDArray[np.uint8]:
    """Quantized values of k / 256, zero point -128, to round(255 k / 256): as by the table, several times as fast."""
    levels = values.view(np.uint8) ^ np.uint8(128)
    levels -= levels > 128
    return levels


def _every_value(spec: TensorSpec) -> Values:
    """The 256 quantized values of an 8-bit type in the order of their bits."""
    return np.arange(256, dtype=np.uint8).view(spec.dtype)
