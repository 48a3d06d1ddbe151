"""Two pictures compared: their amplified difference, where it is largest, and PNGs to look at."""

import io

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import require_extra
from lwisp_mobile.output.picture import to_8_bit

Picture = NDArray[np.float32]
AMPLIFICATION = 20
"""How much a difference is amplified to be seen: 1/255 becomes a visible 20/255."""


def difference(picture: Picture, reference: Picture) -> Picture:
    """Amplified signed difference around middle grey; the shape of the pictures."""
    return np.asarray(0.5 + AMPLIFICATION * (picture - reference), np.float32)


def worst_corner(picture: Picture, reference: Picture, side_px: int) -> tuple[int, int]:
    """Top and left of the square in which two pictures (H, W, 3) differ most."""
    error = ((picture - reference) ** 2).sum(axis=-1)
    table = np.pad(error.cumsum(0, dtype=np.float64).cumsum(1), ((1, 0), (1, 0)))
    s = min(side_px, *error.shape)
    sums = table[s:, s:] - table[:-s, s:] - table[s:, :-s] + table[:-s, :-s]
    top, left = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(top), int(left)


def png(rgb: Picture, max_side_px: int) -> bytes:
    """A picture (H, W, 3) or (H, W) in [0, 1] as a PNG, reduced to max_side_px. Values outside are clipped.

    Raises MissingExtraError without Pillow.
    """
    try:
        from PIL import Image  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("Pillow", "raw", error) from error
    image = Image.fromarray(to_8_bit(rgb))
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
