"""DNGs with lossless JPEG (ITU-T T.81, process 14), of two components as phones and Adobe's converter write them."""

import io
import struct

import numpy as np
import tifffile
from numpy.typing import NDArray

SOI, SOF3, DHT, SOS, EOI = 0xFFD8, 0xFFC3, 0xFFC4, 0xFFDA, 0xFFD9
CODE_BITS = 5
"""Of each of the 17 categories: 17 codes of 5 bits, none all ones."""
CATEGORIES = 17
LOSSLESS_JPEG = 7
COMPRESSION, STRIP_OFFSETS, STRIP_BYTES, LONG = 259, 273, 279, 4


def encode(samples: NDArray[np.uint16]) -> bytes:
    """Samples (h, w), w even, as w / 2 pixels of two components; predictor 1, the left neighbour."""
    height, width = samples.shape
    pixels = samples.reshape(height, width // 2, 2).astype(np.int64)
    predicted = np.empty_like(pixels)
    predicted[:, 1:] = pixels[:, :-1]
    predicted[1:, 0] = pixels[:-1, 0]
    predicted[0, 0] = 1 << 15
    differences = (pixels - predicted).astype(np.uint16).astype(np.int16).ravel().tolist()
    return b"".join(
        (
            _word(SOI),
            _segment(SOF3, bytes((16, *_word(height), *_word(width // 2), 2, 0, 0x11, 0, 1, 0x11, 0))),
            _segment(DHT, bytes((0, *(CATEGORIES * (bits == CODE_BITS) for bits in range(1, 17)), *range(CATEGORIES)))),
            _segment(SOS, bytes((2, 0, 0, 1, 0, 1, 0, 0))),
            _entropy_coded(differences),
            _word(EOI),
        )
    )


def lossless_dng(plain: bytes) -> bytes:
    """A DNG with its mosaic compressed. plain: little endian, one strip in the main directory, of an even width."""
    with tifffile.TiffFile(io.BytesIO(plain)) as file:
        page = file.pages.first
        compressed = encode(page.asarray())
        values = {COMPRESSION: LOSSLESS_JPEG, STRIP_OFFSETS: len(plain), STRIP_BYTES: len(compressed)}
        changed = bytearray(plain + compressed)
        for tag in page.tags:
            if tag.code in values:
                changed[tag.offset + 2 : tag.offset + 12] = struct.pack("<HII", LONG, 1, values[tag.code])
    return bytes(changed)


def _entropy_coded(differences: list[int]) -> bytes:
    bits, count, out = 0, 0, bytearray()
    for difference in differences:
        # 16 means 32768, without further bits.
        category = abs(difference).bit_length()
        extra = category if category < CATEGORIES - 1 else 0
        value = difference if difference > 0 else difference + (1 << category) - 1
        bits = (bits << CODE_BITS | category) << extra | value & ((1 << extra) - 1)
        count += CODE_BITS + extra
        while count >= 8:
            count -= 8
            out.append(bits >> count & 0xFF)
            if out[-1] == 0xFF:
                out.append(0)
        bits &= (1 << count) - 1
    if count:
        out.append((bits << (8 - count) | (1 << (8 - count)) - 1) & 0xFF)
        if out[-1] == 0xFF:
            out.append(0)
    return bytes(out)


def _segment(marker: int, content: bytes) -> bytes:
    return _word(marker) + _word(len(content) + 2) + content


def _word(value: int) -> bytes:
    return value.to_bytes(2, "big")
