"""Linear pictures back to a mosaic: R, G and B of every pixel sampled at Bayer sites."""

import numpy as np
from numpy.typing import NDArray

SAMPLED_CFA = "RGGB"
LINEAR_NOTE = (
    "The DNG is linear: it was demosaiced before, with R, G and B at every pixel. It's developed from one of them at "
    "each pixel, as from a Bayer sensor."
)


def sample_at_sites(rgb: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Sample RGB at the sites of SAMPLED_CFA. rgb: (H, W, 3 or more) uint16. Returns (H, W) uint16."""
    mosaic = np.empty(rgb.shape[:2], np.uint16)
    for site, letter in enumerate(SAMPLED_CFA):
        y, x = site // 2, site % 2
        mosaic[y::2, x::2] = rgb[y::2, x::2, "RGB".index(letter)]
    return mosaic
