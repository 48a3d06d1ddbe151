"""Pictures for the report, as data URIs."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lwisp_mobile.picture import to_8_bit

MAX_SIDE_PX = 768
"""Larger pictures are reduced, so that a page stays a few megabytes."""
AMPLIFICATION = 20
"""How much a difference is amplified to be seen: 1/255 becomes a visible 20/255."""


def data_uri(rgb: NDArray[np.float32]) -> str:
    """A picture (H, W, 3) or (H, W) in [0, 1] as a PNG data URI, reduced to MAX_SIDE_PX."""
    image = Image.fromarray(to_8_bit(rgb))
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def difference(picture: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Signed difference around middle grey, amplified."""
    return np.asarray(0.5 + AMPLIFICATION * (picture - reference), np.float32)


def planes_view(packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the student sees, as a half-size picture: R, the mean of both G, B; (h, w, 3)."""
    return np.stack([packed[..., 0], (packed[..., 1] + packed[..., 2]) / 2, packed[..., 3]], axis=-1)


def worst_corner(picture: NDArray[np.float32], reference: NDArray[np.float32], side_px: int) -> tuple[int, int]:
    """Top and left of the square in which the pictures differ most."""
    error = ((picture - reference) ** 2).sum(axis=-1)
    table = np.pad(error.cumsum(0, dtype=np.float64).cumsum(1), ((1, 0), (1, 0)))
    s = min(side_px, *error.shape)
    sums = table[s:, s:] - table[:-s, s:] - table[s:, :-s] + table[:-s, :-s]
    top, left = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(top), int(left)
