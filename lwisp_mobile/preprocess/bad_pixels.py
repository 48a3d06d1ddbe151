"""Bad pixels: sites that a file calls bad, replaced from their neighbours of the same colour before all else.

In whole numbers, so that every language gets the same. A site's neighbours lie 2 and 4 px away in 8 directions; of the
opposite pairs that are both good, the one whose two sites differ least gives its mean: edges are followed.
"""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.corrections import BadPixels

U16 = NDArray[np.uint16]
Mask = NDArray[np.bool_]
I64 = NDArray[np.int64]

REACH_PX = 4
"""Mosaic pixels around a site that its replacement depends on."""
PAIRS = np.array([(y * ring, x * ring) for ring in (2, 4) for y, x in ((1, 0), (0, 1), (1, 1), (1, -1))])
"""(8, 2): row and column steps from a site to one of a pair, opposite the other. The first of equal ones is used."""
_FAR, _NEITHER = 1 << 16, 1 << 20


class RepairedMosaic:
    """A mosaic without its bad pixels, over any window."""

    def __init__(self, mosaic: U16, found: tuple[BadPixels, ...]) -> None:
        """Nothing is computed yet; the mosaic is only read."""
        self._mosaic, self._found = mosaic, found

    def over(self, window: Window) -> U16:
        """A window of the repaired mosaic, (h, w); a view of the mosaic where nothing is bad."""
        if not self._found:
            return self._mosaic[window.rows, window.columns]
        outer = window.widened(REACH_PX, self._mosaic.shape)
        values = self._mosaic[outer.rows, outer.columns]
        inner = window.within(outer)
        return repair(values, bad_mask(values, self._found, outer))[inner.rows, inner.columns]


def bad_mask(values: U16, found: tuple[BadPixels, ...], window: Window) -> Mask:
    """Which sites of a window are bad, (h, w) bool. values: the window of the mosaic."""
    bad = np.zeros(values.shape, np.bool_)
    origin = np.array([window.rows.start, window.columns.start])
    for kind in found:
        if kind.constant is not None:
            bad |= values == kind.constant
        points = kind.points - origin
        points = points[((points >= 0) & (points < values.shape)).all(axis=1)]
        bad[points[:, 0], points[:, 1]] = True
        rectangles = kind.rectangles.reshape(-1, 2, 2) - origin
        met = (rectangles[:, 0] < values.shape).all(axis=1) & (rectangles[:, 1] > 0).all(axis=1)
        for (top, left), (bottom, right) in np.maximum(rectangles[met], 0):
            bad[top:bottom, left:right] = True
    return bad


def repair(values: U16, bad: Mask) -> U16:
    """Replace bad sites; what lies outside the window counts as bad. values: (h, w) uint16. bad: (h, w) bool.

    Each gets (a + b + 1) // 2 of its best pair; without a pair of good sites, the first good neighbour in the order of
    PAIRS, the forward one of a pair first; without one, its own value. Returns (h, w), a copy if anything is bad.
    """
    lines = np.flatnonzero(bad.any(axis=1))
    if not len(lines):
        return values
    rows, columns = np.nonzero(bad[lines])
    sites = np.stack([lines[rows], columns])
    repaired = values.copy()
    own = values[sites[0], sites[1]].astype(np.int64)
    repaired[sites[0], sites[1]] = _replacement(own, *(_neighbours(values, bad, sites, way * PAIRS) for way in (1, -1)))
    return repaired


def _neighbours(values: U16, bad: Mask, sites: NDArray[np.intp], steps: NDArray[np.intp]) -> I64:
    """The neighbours of n sites at 8 steps, (8, n) int64; -1 where they're bad. sites: (2, n). steps: (8, 2)."""
    rows, columns = sites[:, None] + steps.T[:, :, None]
    inside = (rows >= 0) & (rows < bad.shape[0]) & (columns >= 0) & (columns < bad.shape[1])
    rows, columns = rows * inside, columns * inside
    return np.where(inside & ~bad[rows, columns], values[rows, columns].astype(np.int64), -1)


def _replacement(own: I64, ahead: I64, behind: I64) -> I64:
    """The replacement of n sites with values `own` from their neighbours either way, (8, n) each, -1 where bad."""
    far = np.arange(len(PAIRS))[:, None] // 4 * _FAR
    cost = np.where(np.minimum(ahead, behind) < 0, _NEITHER, np.abs(ahead - behind) + far)
    best = cost.argmin(axis=0)[None]
    mean = (np.take_along_axis(ahead, best, 0)[0] + np.take_along_axis(behind, best, 0)[0] + 1) // 2
    single = _first_good(own, np.stack([ahead, behind], 1).reshape(-1, len(own)))
    return np.where(cost.min(axis=0) < _NEITHER, mean, single)


def _first_good(own: I64, neighbours: I64) -> I64:
    """The first of (16, n) neighbours that is good, else the site's own value."""
    first = (neighbours >= 0).argmax(axis=0)[None]
    found = np.take_along_axis(neighbours, first, 0)[0]
    return np.where(found >= 0, found, own)
