"""A program that decodes damaged DNGs, one line on stdout for each: LibRaw may crash it, so it isn't the test itself.

python -m tests.runtime.damaged_dngs GOOD FIRST LAST
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from lwisp_mobile.errors import RawError
from lwisp_mobile.raw.corrections import BadPixels, GainMap
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import decode_here


def damaged_dng(good: bytes, seed: int) -> bytes:
    """A good file with one to four places changed, tags and opcodes rather than samples."""
    rng = np.random.default_rng(seed)
    content, samples = bytearray(good), 48 * 64 * 2  # tifffile puts them last
    for at in rng.integers(0, len(good) - samples, rng.integers(1, 5)):
        words = (rng.bytes(1), bytes(4), b"\xff" * 4, b"\x7f\xc0\0\0", rng.bytes(4), b"\0\1")
        word = words[rng.integers(len(words))]
        content[at : at + len(word)] = word
    return bytes(content[: len(good) if rng.integers(20) else rng.integers(len(good))])


def within(one: object, height: int, width: int) -> bool:
    """Whether a correction can be applied to a mosaic of this size."""
    if isinstance(one, GainMap):
        inside = 0 <= one.top < one.bottom <= height and 0 <= one.left < one.right <= width
        return inside and min(one.row_pitch, one.col_pitch) > 0 and bool(np.all(np.isfinite(one.gains)))
    if isinstance(one, BadPixels):
        ends = one.rectangles[:, 2:]
        return bool(np.all(one.points < (height, width)) and np.all(ends <= (height, width)))
    return True


def check(raw: RawImage, file_bytes: int) -> None:
    """Raise AssertionError if a picture's size or corrections don't fit its samples."""
    assert raw.mosaic.size <= file_bytes
    for one in (*raw.gain_maps, *raw.bad_pixels):
        assert within(one, raw.height_px, raw.width_px)
    assert np.all(np.isfinite(raw.wb_gains))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Decode the damaged files FIRST to LAST."""
    good, first, last = Path(sys.argv[1]).read_bytes(), int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            path = Path(folder) / "bad.dng"
            path.write_bytes(damaged_dng(good, seed))
            try:
                check(decode_here(path, RawHints()), len(good))
            except RawError as error:
                _say(f"{seed} {error}")
            else:
                _say(f"{seed} read")


if __name__ == "__main__":
    main()
