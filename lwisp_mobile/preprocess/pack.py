"""Packing: a window of the mosaic to four half-size planes, and back. Exact: samples are only moved."""

import numpy as np
from numpy.typing import NDArray


def pack_planes(mosaic: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Pack an RGGB window into planes. mosaic: (2h, 2w) uint16. Returns (4, h, w) float32, order R, Gr, Gb, B."""
    height, width = mosaic.shape
    planes = np.empty((4, height // 2, width // 2), np.float32)
    for index, plane in enumerate(planes):
        plane[...] = mosaic[index // 2 :: 2, index % 2 :: 2]
    return planes


def quad_mean(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each quad, ((R + Gr) + (Gb + B)) / 4. planes: (4, h, w). Returns (h, w) float32."""
    return np.asarray(((planes[0] + planes[1]) + (planes[2] + planes[3])) * np.float32(0.25))
