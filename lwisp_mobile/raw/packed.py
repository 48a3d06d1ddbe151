"""Packed samples as phones and boards store them: MIPI CSI-2's RAW10 and RAW12, unpacked to 16-bit words.

RAW10 has four samples in five bytes: the high eight bits of each, then the low two of all, the first sample's lowest.
RAW12 has two in three bytes: the high eight bits of each, then the low four of both. Source: MIPI CSI-2, Android's
ImageFormat.RAW10 and RAW12.
"""

import numpy as np
from numpy.typing import NDArray

PACKED_BITS = (10, 12)


def row_bytes(width: int, bits: int) -> int:
    """Bytes of one packed row, its last group filled up."""
    return -(-width // 4) * 5 if bits == 10 else -(-width // 2) * 3


def unpack_rows(rows: NDArray[np.uint8], width: int, bits: int) -> NDArray[np.uint16]:
    """Unpack rows of RAW10 or RAW12. rows: (H, at least row_bytes) uint8. Returns (H, width) uint16."""
    samples, size = (4, 5) if bits == 10 else (2, 3)
    low_bits = bits - 8
    groups = rows[:, : row_bytes(width, bits)].reshape(len(rows), -1, size)
    out = np.empty((*groups.shape[:2], samples), np.uint16)
    for index in range(samples):
        low = (groups[..., samples] >> (low_bits * index)) & ((1 << low_bits) - 1)
        out[..., index] = (groups[..., index].astype(np.uint16) << low_bits) | low
    return out.reshape(len(rows), -1)[:, :width]
