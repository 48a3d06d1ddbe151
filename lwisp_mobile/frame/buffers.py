"""What lies between the stages of one frame: feature maps of the whole frame, and the finished picture."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.engine.session import check_finite, dequantise
from lwisp_mobile.engine.signature import Codes
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.synchronization import Missing
from lwisp_mobile.frame.tiles import Span, Tile
from lwisp_mobile.output.picture import to_8_bit, to_16_bit

_CONVERSIONS: dict[str, Callable[[NDArray[np.float32]], NDArray[Any]]] = {
    "uint8": to_8_bit,
    "uint16": to_16_bit,
    "float32": lambda rgb: rgb,
}


class FeatureMap:
    """A tensor of the whole frame, cut and put together tile by tile, by all lanes at once."""

    def __init__(self, values: Codes, height_px: int, missing: Missing | None = None) -> None:
        """values: (h, w, channels), h and w the frame's packed sides times one factor. height_px: its packed rows.

        missing: the tiles that `keep` will be given; None: the values are there.
        """
        self.values, self.height_px = values, height_px
        self._side_px, self._missing = len(values), missing

    def cut(self, tile: Tile) -> Codes:
        """A tile with its halo: (1, h, w, channels), contiguous. Waits until it's there; raises AbandonedError."""
        if self._missing is not None:
            self._missing.wait(tile)
        rows, columns = (slice(self._here(span.start), self._here(span.stop)) for span in (tile.rows, tile.columns))
        return np.ascontiguousarray(self.values[rows, columns])[None]

    def shape(self, tile: Tile) -> tuple[int, ...]:
        """Of what `cut` gives."""
        sides = (self._here(span.stop) - self._here(span.start) for span in (tile.rows, tile.columns))
        return (1, *sides, self.values.shape[-1])

    def keep(self, tile: Tile, result: Codes) -> None:
        """Store the part of a tile's result, (1, h, w, channels), that is kept."""
        spans = tile.rows, tile.columns
        rows, columns = (slice(self._here(span.keep_start), self._here(span.keep_stop)) for span in spans)
        self.values[rows, columns] = kept_part(tile, result[0])
        if self._missing is not None:
            self._missing.store(tile)

    def release(self) -> Codes:
        """Give the memory away: nothing is cut or kept any more."""
        values, self.values = self.values, np.empty((0, 0, 0), self.values.dtype)
        return values

    def _here(self, packed_px: int) -> int:
        return packed_px * self._side_px // self.height_px


class PackedMap(FeatureMap):
    """The packed planes, prepared from the top down shortly before tiles need them.

    By one lane at a time: two would wait for Python's lock more often than they'd gain.
    """

    def __init__(self, values: Codes, prepare: Callable[[Codes, int], None]) -> None:
        """values: (h, w, planes), empty. prepare: fills rows of it, given them and the first one's place."""
        super().__init__(values, len(values))
        self._prepare, self._ready_px, self._lock = prepare, 0, Lock()

    def cut(self, tile: Tile) -> Codes:
        """As a FeatureMap. The lane that comes first also prepares the rows below, for which others needn't wait."""
        needed_px = tile.rows.stop
        below_px = min(2 * needed_px - tile.rows.start, self.height_px)
        if self._ready_px < below_px and self._lock.acquire(blocking=self._ready_px < needed_px):
            try:
                if self._ready_px < below_px:
                    self._prepare(self.values[self._ready_px : below_px], self._ready_px)
                    self._ready_px = below_px
            finally:
                self._lock.release()
        return super().cut(tile)


class PictureMap:
    """The finished picture, cropped to the mosaic's own pixels, in the type it will be written in."""

    def __init__(self, rgb: NDArray[Any], cfa_offset_px: tuple[int, int], spec: TensorSpec) -> None:
        """rgb: (H, W, 3) uint8, uint16 or float32, filled by `keep`. spec: the model's output tensor.

        cfa_offset_px: rows and columns that `align` put before. Raises UsageError on another type.
        """
        if rgb.dtype.name not in _CONVERSIONS:
            raise UsageError(f"A picture of {rgb.dtype} can't be made; choose {', '.join(_CONVERSIONS)}.")
        self.rgb, self._cfa_offset_px = rgb, cfa_offset_px
        self._convert = _CONVERSIONS[rgb.dtype.name]
        self._table = None if spec.scale is None else self._convert(dequantise(_every_code(spec), spec))
        self._by_step = self._table is not None and np.array_equal(_bytes_of_256ths(_every_code(spec)), self._table)

    def keep(self, tile: Tile, result: Codes) -> None:
        """Convert and store the part of a tile's result, (1, h, w, 3), that is kept."""
        part = kept_part(tile, result[0])
        scale = result.shape[1] // (tile.rows.stop - tile.rows.start)
        starts = tile.rows.keep_start, tile.columns.keep_start
        top, left = (start * scale - offset for start, offset in zip(starts, self._cfa_offset_px))
        part = part[max(-top, 0) :, max(-left, 0) :]
        place = self.rgb[max(top, 0) :, max(left, 0) :][: part.shape[0], : part.shape[1]]
        place[...] = self._converted(part[: place.shape[0], : place.shape[1]])

    def _converted(self, codes: Codes) -> NDArray[Any]:
        if self._table is None:
            check_finite(codes)
            return self._convert(codes)
        if self._by_step:
            return _bytes_of_256ths(codes)
        # An int8 code's bits are its place in a table of all 256.
        return np.take(self._table, codes.view(np.uint8))


def kept_part(tile: Tile, result: Codes) -> Codes:
    """The view of a tile's result, (h, w, channels), that is kept."""
    return result[_kept(tile.rows, result.shape[0]), _kept(tile.columns, result.shape[1])]


def _kept(span: Span, side_px: int) -> slice:
    length = span.stop - span.start
    return slice(*((px - span.start) * side_px // length for px in (span.keep_start, span.keep_stop)))


def _bytes_of_256ths(codes: Codes) -> NDArray[np.uint8]:
    """Codes of k / 256, zero point -128, to round(255 k / 256): as by the table, several times as fast."""
    values = codes.view(np.uint8) ^ np.uint8(128)
    values -= values > 128
    return values


def _every_code(spec: TensorSpec) -> Codes:
    """The 256 codes of an 8-bit type in the order of their bits."""
    return np.arange(256, dtype=np.uint8).view(spec.dtype)
