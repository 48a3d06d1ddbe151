"""A small TIFF writer (TIFF 6.0, little-endian, one uncompressed strip): pictures, DNGs and Exif blocks.

Our own code, because a sample DNG must be the same bytes on every machine and Exif needs a second directory.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import ImageError

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
EXIF_DIRECTORY, GPS_DIRECTORY = 34665, 34853
HEADER_BYTES = 8
MAX_BYTES = 2**32 - 1
"""Offsets have 32 bits."""
MAX_DENOMINATOR = 1_000_000
DOTS_PER_INCH = 72
WRITTEN_ROWS = 64
"""Rows made contiguous at a time."""


@dataclass(frozen=True)
class TiffTag:
    """One field of a directory."""

    number: int
    kind: int
    """One of the field types above."""
    count: int
    """Number of values."""
    data: bytes
    """The values, little-endian."""


def text_tag(number: int, text: str) -> TiffTag:
    """Text; TIFF has ASCII only, so other letters become question marks."""
    data = text.encode("ascii", "replace") + b"\0"
    return TiffTag(number, ASCII, len(data), data)


def bytes_tag(number: int, data: bytes, kind: int = BYTE) -> TiffTag:
    """Bytes, of type BYTE or UNDEFINED."""
    return TiffTag(number, kind, len(data), data)


def short_tag(number: int, *values: int) -> TiffTag:
    """Whole numbers of 16 bits."""
    return TiffTag(number, SHORT, len(values), struct.pack(f"<{len(values)}H", *values))


def long_tag(number: int, *values: int) -> TiffTag:
    """Whole numbers of 32 bits."""
    return TiffTag(number, LONG, len(values), struct.pack(f"<{len(values)}I", *values))


def rational_tag(number: int, *values: float) -> TiffTag:
    """Numbers of 0 or more as fractions: 1/250 s stays 1/250."""
    parts = [part for value in values for part in rational(value)]
    return TiffTag(number, RATIONAL, len(values), struct.pack(f"<{len(parts)}I", *parts))


def signed_rational_tag(number: int, values: Sequence[float]) -> TiffTag:
    """Numbers of either sign, in steps of 1e-6."""
    parts = [part for value in values for part in (round(value * MAX_DENOMINATOR), MAX_DENOMINATOR)]
    return TiffTag(number, SRATIONAL, len(values), struct.pack(f"<{len(parts)}i", *parts))


def rational(value: float) -> tuple[int, int]:
    """A value of 0 or more as numerator and denominator of 32 bits each; larger values become 2^32 - 1."""
    # Large values leave less room for a denominator.
    denominator = max(1, min(MAX_DENOMINATOR, int(MAX_BYTES / max(value, 1)) - 1))
    fraction = Fraction(min(value, float(MAX_BYTES))).limit_denominator(denominator)
    return fraction.numerator, fraction.denominator


def directories(tags: Sequence[TiffTag], exif: Sequence[TiffTag], gps: Sequence[TiffTag] = ()) -> bytes:
    """Header, first directory, Exif and GPS directory: a TIFF without a picture, as JPEG and PNG embed it.

    Without GPS tags there's no GPS directory.
    """
    links = [long_tag(EXIF_DIRECTORY, 0), *([long_tag(GPS_DIRECTORY, 0)] if gps else [])]
    exif_at = HEADER_BYTES + len(_directory([*tags, *links], HEADER_BYTES))
    exif_directory = _directory(exif, exif_at)
    gps_at = exif_at + len(exif_directory)
    links = [long_tag(EXIF_DIRECTORY, exif_at), *([long_tag(GPS_DIRECTORY, gps_at)] if gps else [])]
    first = _directory([*tags, *links], HEADER_BYTES)
    header = struct.pack("<2sHI", b"II", 42, HEADER_BYTES)
    return header + first + exif_directory + (_directory(gps, gps_at) if gps else b"")


def write_tiff(
    path: Path,
    samples: NDArray[np.uint16],
    photometric: int,
    tags: Sequence[TiffTag],
    exif: Sequence[TiffTag],
    *,
    gps: Sequence[TiffTag] = (),
) -> None:
    """Write 16-bit samples as one strip. samples: (H, W) or (H, W, C) uint16.

    Raises ImageError if the file would exceed 4 GiB, OSError if it can't be written.
    """
    # Offsets have a fixed width, so the length of the directories is known before the strip's position is.
    strip_at = len(directories([*tags, *_layout(samples, photometric, 0)], exif, gps))
    if strip_at + samples.nbytes > MAX_BYTES:
        raise ImageError(f"A TIFF can have 4 GiB; this picture needs {samples.nbytes} bytes. Write .png or .jpg.")
    with path.open("wb") as file:
        file.write(directories([*tags, *_layout(samples, photometric, strip_at)], exif, gps))
        for top in range(0, len(samples), WRITTEN_ROWS):
            file.write(np.ascontiguousarray(samples[top : top + WRITTEN_ROWS], "<u2").data)


def _layout(samples: NDArray[np.uint16], photometric: int, strip_at: int) -> list[TiffTag]:
    """How to read the strip: the fields that TIFF 6.0 requires."""
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    return [
        long_tag(256, width),
        long_tag(257, height),
        short_tag(258, *(16,) * channels),
        short_tag(259, 1),
        short_tag(262, photometric),
        long_tag(273, strip_at),
        short_tag(277, channels),
        long_tag(278, height),
        long_tag(279, samples.nbytes),
        rational_tag(282, DOTS_PER_INCH),
        rational_tag(283, DOTS_PER_INCH),
        short_tag(284, 1),
        short_tag(296, 2),
    ]


def _directory(tags: Sequence[TiffTag], offset: int) -> bytes:
    """A directory at a file offset: fields in ascending order, then the values that don't fit in a field."""
    ordered = sorted(tags, key=lambda tag: tag.number)
    values_at = offset + 2 + 12 * len(ordered) + 4
    fields, values = [], bytearray()
    for tag in ordered:
        place = struct.pack("<I", values_at + len(values)) if len(tag.data) > 4 else tag.data.ljust(4, b"\0")
        fields.append(struct.pack("<HHI", tag.number, tag.kind, tag.count) + place)
        if len(tag.data) > 4:
            # Values begin at even offsets.
            values += tag.data + b"\0" * (len(tag.data) % 2)
    return struct.pack("<H", len(ordered)) + b"".join(fields) + struct.pack("<I", 0) + bytes(values)
