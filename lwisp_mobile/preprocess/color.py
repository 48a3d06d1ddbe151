"""Colour: a camera's white-balanced light moved to the student's reference camera.

Rows of the matrix M sum to 1, so that white stays white, and the move is a function of colour differences alone:
M (R, G, B) = (R, G, B) + (M - I) (R - G, 0, B - G).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.color import unit_rows

F32 = NDArray[np.float32]

SMOOTHING_REACH_PX = 2
"""Packed pixels around a quad that its smoothed colour differences depend on."""


def to_reference(camera_to_srgb: Matrix3 | None, reference_to_srgb: Matrix3) -> F32:
    """The near-identity matrix from a camera's white-balanced RGB to the reference camera's.

    Both arguments go from white-balanced linear camera RGB to linear sRGB. Without a camera matrix the
    camera is taken as the reference camera: identity. Returns (3, 3) float32, rows sum to 1.
    """
    if camera_to_srgb is None:
        return np.eye(3, dtype=np.float32)
    camera = unit_rows(np.array(camera_to_srgb))
    return np.asarray(np.linalg.solve(unit_rows(np.array(reference_to_srgb)), camera), np.float32)


@dataclass(frozen=True)
class ColorMove:
    """The move of one frame's colours."""

    matrix: F32
    """(3, 3) float32, as `to_reference` gives it."""
    smoothed: bool

    @property
    def reach_px(self) -> int:
        """Packed pixels around a quad that its moved colour depends on."""
        return SMOOTHING_REACH_PX if self.smoothed else 0

    def apply(self, light: F32, inner: Window) -> F32:
        """Move a window's light. light: (4, h, w), the window widened by the reach. inner: its place there."""
        if not self.smoothed:
            return shift_on_quads(light, self.matrix)
        differences = np.pad(
            color_differences(light), [(0, 0), *inner.missing(self.reach_px, light.shape[1:])], mode="edge"
        )
        return shift_by_differences(light[:, inner.rows, inner.columns], smooth(differences), self.matrix)


def shift_on_quads(light: F32, matrix: F32) -> F32:
    """Move planes by each quad's own colour: R and B are replaced, both G get one shift.

    light: (4, h, w) float32. matrix: (3, 3) float32. Returns the same shape, new.
    The green of a quad is the mean of its two sites, so Gr - Gb, and with it detail, is kept.
    """
    red, green_r, green_b, blue = light
    rgb = (red, (green_r + green_b) * np.float32(0.5), blue)
    shift = _weighted((matrix[1, 0], matrix[1, 1] - np.float32(1), matrix[1, 2]), rgb)
    moved_red, moved_blue = (_weighted(tuple(matrix[row]), rgb) for row in (0, 2))
    return np.stack([moved_red, green_r + shift, green_b + shift, moved_blue])


def color_differences(light: F32) -> F32:
    """R - G and B - G of each quad, G the mean of its two sites. light: (4, h, w). Returns (2, h, w) float32."""
    green = (light[1] + light[2]) * np.float32(0.5)
    return np.stack([light[0] - green, light[3] - green])


def smooth(differences: F32) -> F32:
    """Smooth by the binomial kernel 1-4-6-4-1 / 16 along both sides: sums of neighbours, four times down, four across.

    R, G and B of a quad lie a pixel apart: unsmoothed differences invent colour at edges, and multiply noise by the
    matrix. differences: (n, h + 4, w + 4) float32. Returns (n, h, w).
    """
    for _ in range(2 * SMOOTHING_REACH_PX):
        differences = differences[:, :-1] + differences[:, 1:]
    for _ in range(2 * SMOOTHING_REACH_PX):
        differences = differences[:, :, :-1] + differences[:, :, 1:]
    return np.asarray(differences * np.float32(1 / 256))


def shift_by_differences(light: F32, differences: F32, matrix: F32) -> F32:
    """Add (M - I) (R - G, 0, B - G) to each quad, in place. light: (4, h, w). differences: (2, h, w)."""
    to_red, to_green, to_blue = (
        differences[0] * row[0] + differences[1] * row[1] for row in (matrix - np.eye(3, dtype=np.float32))[:, (0, 2)]
    )
    light[0] += to_red
    light[1] += to_green
    light[2] += to_green
    light[3] += to_blue
    return light


def _weighted(weights: tuple[np.float32, ...], rgb: tuple[F32, ...]) -> F32:
    total = weights[0] * rgb[0]
    total += weights[1] * rgb[1]
    total += weights[2] * rgb[2]
    return np.asarray(total, np.float32)
