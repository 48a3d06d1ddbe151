"""Bad pixels: sites that a file calls bad, replaced from their neighbours of the same colour before all else.

In whole numbers, so that every language gets the same. A site's neighbours lie 2 and 4 px away in 8 directions; of the
opposite pairs that are both good, the one whose two sites differ least gives its mean: edges are followed.
"""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.raw.corrections import BadPixels

U16 = NDArray[np.uint16]
Mask = NDArray[np.bool_]

REACH_PX = 4
"""Mosaic pixels around a site that its replacement depends on."""
PAIRS = tuple((y * ring, x * ring) for ring in (2, 4) for y, x in ((1, 0), (0, 1), (1, 1), (1, -1)))
"""(row, column) steps from a site to one of a pair; the other lies opposite. Near ones first; ties go to the first."""
_FAR, _NEITHER = 1 << 16, 1 << 20


class RepairedMosaic:
    """A mosaic without its bad pixels, over any window."""

    def __init__(self, mosaic: U16, found: tuple[BadPixels, ...]) -> None:
        """Nothing is computed yet; the mosaic is only read."""
        self._mosaic, self._found = mosaic, found

    def over(self, rows: slice, columns: slice) -> U16:
        """A window of the repaired mosaic, (h, w); a view of the mosaic where nothing is bad."""
        if not self._found:
            return self._mosaic[rows, columns]
        outer = tuple(slice(max(part.start - REACH_PX, 0), part.stop + REACH_PX) for part in (rows, columns))
        values = repair(self._mosaic[outer], bad_mask(self._mosaic, self._found, *outer))
        inner = [slice(part.start - wide.start, part.stop - wide.start) for part, wide in zip((rows, columns), outer)]
        return values[inner[0], inner[1]]


def bad_mask(mosaic: U16, found: tuple[BadPixels, ...], rows: slice, columns: slice) -> Mask:
    """Which sites of a window are bad, (h, w) bool."""
    window = mosaic[rows, columns]
    bad = np.zeros(window.shape, np.bool_)
    origin = np.array([rows.start, columns.start])
    for kind in found:
        if kind.constant is not None:
            bad |= window == kind.constant
        points = kind.points - origin
        points = points[((points >= 0) & (points < window.shape)).all(axis=1)]
        bad[points[:, 0], points[:, 1]] = True
        rectangles = kind.rectangles.reshape(-1, 2, 2) - origin
        met = (rectangles[:, 0] < window.shape).all(axis=1) & (rectangles[:, 1] > 0).all(axis=1)
        for (top, left), (bottom, right) in np.maximum(rectangles[met], 0):
            bad[top:bottom, left:right] = True
    return bad


def repair(values: U16, bad: Mask) -> U16:
    """Replace bad sites; what lies outside the window counts as bad. values: (h, w) uint16. bad: (h, w) bool.

    Each gets (a + b + 1) // 2 of its best pair; without a pair of good sites, the first good neighbour in the order of
    PAIRS, the forward one of a pair first; without one, its own value. Returns (h, w), a copy if anything is bad.
    """
    y, x = np.nonzero(bad)
    if not len(y):
        return values
    wide = np.pad(values.astype(np.int64), REACH_PX)
    good = np.pad(~bad, REACH_PX)
    y, x = y + REACH_PX, x + REACH_PX
    ahead = [(y + dy, x + dx) for dy, dx in PAIRS]
    behind = [(y - dy, x - dx) for dy, dx in PAIRS]
    wide[y, x] = _replacement(wide[y, x], *(_gather(wide, good, places) for places in (ahead, behind)))
    return wide[REACH_PX:-REACH_PX, REACH_PX:-REACH_PX].astype(np.uint16)


def _gather(wide: NDArray[np.int64], good: Mask, places: list[tuple[NDArray[np.intp], NDArray[np.intp]]]) -> NDArray[np.int64]:
    """Values at places of each direction, (8, n); -1 where bad."""
    return np.stack([np.where(good[place], wide[place], -1) for place in places])


def _replacement(own: NDArray[np.int64], ahead: NDArray[np.int64], behind: NDArray[np.int64]) -> NDArray[np.int64]:
    far = np.arange(len(PAIRS))[:, None] // 4 * _FAR
    cost = np.where(np.minimum(ahead, behind) < 0, _NEITHER, np.abs(ahead - behind) + far)
    best = cost.argmin(axis=0)[None]
    mean = (np.take_along_axis(ahead, best, 0)[0] + np.take_along_axis(behind, best, 0)[0] + 1) // 2
    return np.where(cost.min(axis=0) < _NEITHER, mean, _first_good(own, np.stack([ahead, behind], 1).reshape(-1, len(own))))


def _first_good(own: NDArray[np.int64], neighbours: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first of (16, n) neighbours that is good, else the site's own value."""
    first = (neighbours >= 0).argmax(axis=0)[None]
    found = np.take_along_axis(neighbours, first, 0)[0]
    return np.where(found >= 0, found, own)
