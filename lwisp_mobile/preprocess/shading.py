"""Lens shading: gains that undo a lens's fall-off towards the corners, multiplied in before white is clipped.

Gain maps and radial polynomials of DNG (specification 1.7.1, opcodes 9 and 3), as `lwisp_mobile.raw.corrections` holds
them. Places are those of the mosaic's own sites; where the frame is extended by reflection, so is the gain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.corrections import GainMap, VignetteRadial
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]
Indices = NDArray[np.intp]


class Gain(Protocol):
    """A gain over one packed plane."""

    def over(self, window: Window) -> F32:
        """The gain over a window in packed pixels, (h, w) float32."""


class LensShading:
    """The product of all of a frame's shading gains, over any window of its packed planes."""

    def __init__(self, raw: RawImage, rows: Indices, columns: Indices) -> None:
        """rows, columns: the mosaic's row and column of each of the aligned frame's (`aligned_indices`)."""
        self._planes = [plane_shading(raw, rows[index // 2 :: 2], columns[index % 2 :: 2]) for index in range(4)]

    def over(self, window: Window) -> F32:
        """Gains of planes R, Gr, Gb, B over a window in packed pixels; (4, h, w) float32."""
        gains = np.empty((4, *window.shape), np.float32)
        for plane, parts in zip(gains, self._planes):
            plane[...] = parts[0].over(window) if parts else np.float32(1)
            for part in parts[1:]:
                plane *= part.over(window)  # noqa: PLW2901  # in place
        return gains


def plane_shading(raw: RawImage, rows: Indices, columns: Indices) -> list[Gain]:
    """A plane's gains: its maps in the file's order, then radial ones. rows, columns: of its sites in the mosaic."""
    size = raw.mosaic.shape
    maps = [MapGain.of(gain_map, size, rows, columns) for gain_map in raw.gain_maps]
    radial = [RadialGain.of(vignette, size, rows, columns) for vignette in raw.vignette]
    return [*(gain for gain in maps if gain.touches), *radial]


@dataclass(frozen=True)
class Axis:
    """Where sites along one side lie between a map's points: at index + fraction."""

    index: Indices
    fraction: F32
    """(n,) float32 in [0, 1]."""
    inside: NDArray[np.bool_]
    """(n,): whether the map is for this site at all."""


@dataclass(frozen=True)
class Points:
    """Where a map has points along one side of the mosaic, and for which sites they are."""

    count: int
    origin: float
    """Relative place of the first."""
    spacing: float
    area: range

    def axis(self, places: Indices, side_px: int) -> Axis:
        """Place sites between the points; before the first and after the last, at those.

        Site i lies at (i + 0.5) / side_px. Computed in 64 bits, fractions rounded once. places: rows or columns of the
        mosaic.
        """
        intervals = self.count - 1
        position = np.zeros(len(places))
        if intervals:
            position = np.clip(((places + 0.5) / side_px - self.origin) / self.spacing, 0, intervals)
        index = np.minimum(np.floor(position), max(intervals - 1, 0)).astype(np.intp)
        inside = (places >= self.area.start) & (places < self.area.stop)
        inside &= (places - self.area.start) % self.area.step == 0
        return Axis(index, (position - index).astype(np.float32), inside)


@dataclass(frozen=True)
class MapGain:
    """A gain map over one packed plane."""

    points: F32
    """(rows, columns), at least 2 each."""
    row: Axis
    column: Axis

    @classmethod
    def of(cls, gain_map: GainMap, size: Sequence[int], rows: Indices, columns: Indices) -> "MapGain":
        """Lay a map over the sites of one plane. size: the mosaic's height and width."""
        m, gains = gain_map, gain_map.gains[..., 0]
        down = Points(len(gains), m.row_origin, m.row_spacing, range(m.top, m.bottom, m.row_pitch))
        across = Points(gains.shape[1], m.col_origin, m.col_spacing, range(m.left, m.right, m.col_pitch))
        padded = np.pad(gains, [(0, int(count == 1)) for count in gains.shape], mode="edge")
        return cls(padded, down.axis(rows, size[0]), across.axis(columns, size[1]))

    @property
    def touches(self) -> bool:
        """Whether any site has a gain from this map."""
        return bool(self.row.inside.any() and self.column.inside.any())

    def over(self, window: Window) -> F32:
        """Interpolate bilinearly, along rows first: low + fraction (high - low), in 32 bits; 1 where it isn't for."""
        index, fraction = self.row.index[window.rows], self.row.fraction[window.rows, None]
        first = int(index.min())
        across = _interpolate(self.points[first : int(index.max()) + 2], self.column, window.columns)
        gain = (across[1:] - across[:-1])[index - first]
        gain *= fraction
        gain += across[index - first]
        gain[~self.row.inside[window.rows]] = 1
        gain[:, ~self.column.inside[window.columns]] = 1
        return np.asarray(gain, np.float32)


def _interpolate(points: F32, axis: Axis, columns: slice) -> F32:
    """Rows of points (k, columns of the map) to the plane's own columns, (k, w)."""
    low = points[:, axis.index[columns]]
    return np.asarray(low + axis.fraction[columns] * (points[:, axis.index[columns] + 1] - low))


@dataclass(frozen=True)
class RadialGain:
    """A radial polynomial over one packed plane: 1 + s (k0 + s (k1 + s (k2 + s (k3 + s k4)))), s = y2 + x2."""

    coefficients: F32
    """k0 to k4."""
    y2: F32
    """(h,): square of each row's distance from the centre, over that of the farthest corner."""
    x2: F32
    """(w,): the same of columns."""

    @classmethod
    def of(cls, vignette: VignetteRadial, size: Sequence[int], rows: Indices, columns: Indices) -> "RadialGain":
        """Lay a polynomial over the sites of one plane. size: the mosaic's height and width."""
        center = vignette.center_y * size[0], vignette.center_x * size[1]
        farthest = sum(max(middle, side - middle) ** 2 for middle, side in zip(center, size))
        y2, x2 = ((sites + 0.5 - middle) ** 2 / farthest for sites, middle in zip((rows, columns), center))
        return cls(np.array(vignette.coefficients, np.float32), y2.astype(np.float32), x2.astype(np.float32))

    def over(self, window: Window) -> F32:
        """The polynomial by Horner's rule in 32 bits, the highest power first."""
        square = self.y2[window.rows, None] + self.x2[window.columns]
        gain = square * self.coefficients[4]
        for coefficient in self.coefficients[3::-1]:
            gain += coefficient
            gain *= square
        gain += np.float32(1)
        return np.asarray(gain, np.float32)
