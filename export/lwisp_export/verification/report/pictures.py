"""Pictures for the pages, as data URIs."""

import base64

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.output.comparison import png

MAX_SIDE_PX = 768
"""Larger pictures are reduced, to keep a page to a few megabytes."""


def data_uri(rgb: NDArray[np.float32]) -> str:
    """A picture (H, W, 3) or (H, W) in [0, 1] as a PNG data URI, reduced to MAX_SIDE_PX."""
    return "data:image/png;base64," + base64.b64encode(png(rgb, MAX_SIDE_PX)).decode("ascii")


def planes_view(packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """The student's input as a half-size picture, (h, w, 3): R, the mean of both G, B. packed: (h, w, 4)."""
    return np.stack([packed[..., 0], (packed[..., 1] + packed[..., 2]) / 2, packed[..., 3]], axis=-1)
