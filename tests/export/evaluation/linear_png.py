"""Write a linear RGB PNG of 16 bits and its metadata, for tests: each row by another of the format's filters."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write_linear_png(path: Path, rgb: np.ndarray, illuminant: tuple[float, float, float] | None = None) -> None:
    """rgb: (H, W, 3) uint16. Filters go round: none, sub, up, average, Paeth."""
    height, width, _ = rgb.shape
    data = rgb.astype(">u2").view(np.uint8).reshape(height, width, 6).astype(int)
    padded = np.pad(data, ((1, 0), (1, 0), (0, 0)))
    left, up, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    distances = np.abs(np.stack([up - corner, left - corner, left + up - 2 * corner]))
    paeth = np.choose(distances.argmin(axis=0), [left, up, corner])
    predicted = [np.zeros_like(data), left, up, (left + up) // 2, paeth]
    rows = [
        bytes([row % 5]) + ((data[row] - predicted[row % 5][row]) % 256).astype(np.uint8).tobytes()
        for row in range(height)
    ]
    packed = zlib.compress(b"".join(rows))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    # Two IDAT chunks, as larger pictures have.
    chunks = ((b"IHDR", header), (b"IDAT", packed[:40]), (b"IDAT", packed[40:]), (b"IEND", b""))
    path.write_bytes(SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks))
    if illuminant is not None:
        path.with_name(f"{path.stem}_metadata.json").write_text(json.dumps({"illuminant_color_raw": illuminant}))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
