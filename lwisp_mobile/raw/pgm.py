"""PGM: the binary grey format P5, samples as stored.

Pillow scales 16-bit PGM samples to the full range, which would change the levels.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.hints import MAX_PIXELS

HEADER_BYTES = 4096
"""The header with its comments must fit in this."""

# Magic, then width, height and largest value, parted by blanks and comments; one blank before the samples.
# Possessive, and no repeat within the repeat: a header of blanks alone must not take exponential time.
_GAP = rb"(?:\s|#[^\n]*\n)++"
_HEADER = re.compile(rb"P5" + (_GAP + rb"(\d{1,9})") * 3 + rb"\s")


@dataclass(frozen=True)
class Pgm:
    """A PGM's samples and how many bits its header allows."""

    samples: NDArray[np.uint16]
    """(H, W) uint16."""
    bits: int


def read_pgm(path: Path) -> Pgm:
    """Read a binary PGM. Raises RawFormatError if the header is broken or the samples are cut short."""
    with path.open("rb") as file:
        header = _HEADER.match(file.read(HEADER_BYTES))
    if header is None:
        raise RawFormatError("The PGM's header can't be read; P5, width, height and largest value are needed.")
    width, height, largest = (int(number) for number in header.groups())
    _check_header(width, height, largest)
    dtype = np.dtype(np.uint8 if largest < 256 else ">u2")
    needed, found = width * height * dtype.itemsize, path.stat().st_size - header.end()
    if found < needed:
        raise RawFormatError(f"The PGM is truncated: {found} bytes of samples, {needed} are needed. Copy it again.")
    samples = np.fromfile(path, dtype, width * height, offset=header.end())
    return Pgm(samples.reshape(height, width).astype(np.uint16), max(8, largest.bit_length()))


def _check_header(width: int, height: int, largest: int) -> None:
    if min(width, height) < 1 or width * height > MAX_PIXELS:
        raise RawFormatError(
            f"The PGM declares {width}x{height} px; 1 px to {MAX_PIXELS // 1_000_000} megapixels are read."
        )
    if not 0 < largest < 65536:
        raise RawFormatError(f"The PGM declares a largest value of {largest}; 1 to 65535 is allowed.")
