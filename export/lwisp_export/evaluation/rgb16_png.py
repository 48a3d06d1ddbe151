"""PNG pictures of 16 bits per colour, which Pillow reduces to 8: chunks, zlib, row filters (ISO/IEC 15948)."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import UsageError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 2
_PIXEL_BYTES = 6
_MAX_PIXELS = 100_000_000


def read_rgb16(path: Path) -> NDArray[np.uint16]:
    """Read a PNG of three colours with 16 bits each, not interlaced. Returns (H, W, 3) uint16.

    Raises UsageError if it's another file or a damaged one.
    """
    try:
        return _decode(path.read_bytes())
    except (OSError, ValueError, KeyError, struct.error, zlib.error) as error:
        raise UsageError(f"{path}: no linear picture can be read ({error}). Give an RGB PNG of 16 bits.") from error


def _decode(data: bytes) -> NDArray[np.uint16]:
    if not data.startswith(_SIGNATURE):
        raise ValueError("it isn't a PNG")
    chunks = _chunks(data)
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if form != [16, _RGB, 0, 0, 0] or not 0 < width * height <= _MAX_PIXELS:
        raise ValueError(f"it has {width}x{height} px of depth {form[0]} and colour type {form[1]}")
    row_bytes = 1 + width * _PIXEL_BYTES
    inflated = zlib.decompressobj().decompress(chunks[b"IDAT"], height * row_bytes)
    rows = np.frombuffer(inflated, np.uint8).reshape(height, row_bytes)
    above = np.zeros((width, _PIXEL_BYTES), np.uint8)
    picture = np.empty((height, width, _PIXEL_BYTES), np.uint8)
    for row, filtered in zip(picture, rows):
        row[...] = above = _unfilter(int(filtered[0]), filtered[1:].reshape(width, _PIXEL_BYTES), above)
    return picture.view(">u2").astype(np.uint16)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks by their type, those of one type joined."""
    chunks: dict[bytes, bytes] = {}
    place = len(_SIGNATURE)
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunks[kind] = chunks.get(kind, b"") + data[place + 8 : place + 8 + length]
        place += 12 + length
    if not {b"IHDR", b"IDAT"} <= chunks.keys():
        raise ValueError("it has no picture")
    return chunks


def _unfilter(kind: int, row: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undo a row's filter. row, above: (width, _PIXEL_BYTES) uint8; sums are modulo 256."""
    if kind == 0:
        return row
    if kind == 1:
        return np.asarray(row.cumsum(axis=0, dtype=np.uint8))
    if kind == 2:
        return row + above
    predict = {3: _average, 4: _paeth}[kind]
    left = corner = [0] * _PIXEL_BYTES
    undone = []
    for values, up in zip(row.tolist(), above.tolist()):
        left = [(v + predict(a, b, c)) & 255 for v, a, b, c in zip(values, left, up, corner)]
        undone.append(left)
        corner = up
    return np.array(undone, np.uint8)


def _average(left: int, up: int, _corner: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
