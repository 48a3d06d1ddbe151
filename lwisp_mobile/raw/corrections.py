"""Corrections that a DNG asks for before a picture is made: lens shading, bad pixels, distortion, noise, crop.

Coordinates are pixels of `RawImage.mosaic`, (row, column), top left (0, 0), unless a field says relative: then 0 is the
mosaic's first edge and 1 its last, whatever its size. Source: DNG specification 1.7.1, chapter 7 (opcode lists).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawFormatError

MAX_GAIN = 64.0
"""Shading gains above this belong to no lens; 4 is much."""
MAX_MAP_POINTS = 1 << 18
"""Points of one map; phones write some hundreds."""
MAX_SIDE_PX = 1 << 20

Triple = tuple[float, float, float]


def _no_points() -> NDArray[np.int32]:
    return np.empty((0, 2), np.int32)


def _no_rectangles() -> NDArray[np.int32]:
    return np.empty((0, 4), np.int32)


@dataclass(frozen=True)
class GainMap:
    """Gains that undo a lens's shading (opcode 9), on black-subtracted linear light, before white is clipped.

    A site (row, column) gets the gain interpolated bilinearly at (row + 0.5) / height and (column + 0.5) / width, in
    relative coordinates of the whole mosaic; outside the map's points, the nearest one's.
    """

    top: int
    left: int
    bottom: int
    """First row that is no longer of the area."""
    right: int
    """First column that is no longer of the area."""
    row_pitch: int
    """Rows top, top + row_pitch, ... have the gain; 2 for one row of a 2x2 cell."""
    col_pitch: int
    row_origin: float
    """Relative row of the first points."""
    col_origin: float
    row_spacing: float
    """Relative rows from points to points."""
    col_spacing: float
    gains: NDArray[np.float32]
    """(rows, columns, map_planes) float32, over 0, at most MAX_GAIN."""
    plane: int = 0
    """First plane; a mosaic has one, 0."""
    planes: int = 1

    def __post_init__(self) -> None:
        """Refuse a map that can't be applied. Raises RawFormatError."""
        area = (self.top, self.left, self.bottom, self.right)
        _require(
            0 <= self.top <= self.bottom <= MAX_SIDE_PX and 0 <= self.left <= self.right <= MAX_SIDE_PX,
            f"GainMap has the area {area}; top, left, bottom, right of 0 or more, in this order, are needed",
        )
        pitch = (self.row_pitch, self.col_pitch)
        _require(min(pitch) >= 1, f"GainMap has the pitch {pitch}; 1 or more is needed")
        _require(
            self.gains.ndim == 3 and 0 < self.gains.size <= MAX_MAP_POINTS,
            f"GainMap has points of shape {self.gains.shape}; 1 to {MAX_MAP_POINTS} points are read",
        )
        placing = (self.row_origin, self.col_origin, self.row_spacing, self.col_spacing)
        _require(
            bool(np.all(np.isfinite(placing))), f"GainMap has origin and spacing {placing}; finite ones are needed"
        )
        for count, spacing in zip(self.gains.shape, placing[2:]):
            _require(count == 1 or spacing > 0, f"GainMap has the spacing {spacing}; more than 0 is needed")
        # NaN fails both comparisons.
        low, high = float(self.gains.min()), float(self.gains.max())
        _require(
            low > 0 and high <= MAX_GAIN, f"GainMap has gains of {low:g} to {high:g}; over 0 to {MAX_GAIN:g} is needed"
        )


@dataclass(frozen=True)
class VignetteRadial:
    """A gain by the distance from the optical centre (opcode 3), on black-subtracted linear light.

    Gain 1 + k0 r^2 + k1 r^4 + k2 r^6 + k3 r^8 + k4 r^10; r is the distance in pixels from the centre, over that of the
    mosaic's farthest corner.
    """

    coefficients: tuple[float, float, float, float, float]
    """k0 to k4."""
    center_x: float
    """Relative column of the optical centre, 0 to 1."""
    center_y: float
    """Relative row of the optical centre, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse a gain that isn't over 0 and at most MAX_GAIN everywhere. Raises RawFormatError."""
        _check_center("FixVignetteRadial", self.center_x, self.center_y)
        _require(_all_finite(self.coefficients), "FixVignetteRadial has a coefficient that isn't finite")
        squares = np.linspace(0, 1, 1025)
        gains = np.polynomial.polynomial.polyval(squares, (1.0, *self.coefficients))
        low, high = float(gains.min()), float(gains.max())
        _require(
            low > 0 and high <= MAX_GAIN,
            f"FixVignetteRadial has gains of {low:g} to {high:g}; over 0 to {MAX_GAIN:g} is needed",
        )


@dataclass(frozen=True)
class BadPixels:
    """Pixels to replace by their neighbours of the same colour (opcodes 4 and 5), on sensor values as read."""

    constant: int | None = None
    """Every pixel of this sensor value is bad; None: only those listed."""
    points: NDArray[np.int32] = field(default_factory=_no_points)
    """(n, 2) int32: row and column of single pixels, all within the mosaic."""
    rectangles: NDArray[np.int32] = field(default_factory=_no_rectangles)
    """(m, 4) int32: top, left, bottom, right (the last two exclusive), all within the mosaic and not empty."""

    def __post_init__(self) -> None:
        """Refuse arrays of another form. Raises RawFormatError."""
        for name, array, columns in (("points", self.points, 2), ("rectangles", self.rectangles, 4)):
            _require(
                array.ndim == 2 and array.shape[1] == columns and array.dtype == np.int32,
                f"Bad pixels have {name} of shape {array.shape}; (n, {columns}) is needed",
            )
            _require(array.min(initial=0) >= 0, f"Bad pixels have negative {name}")


@dataclass(frozen=True)
class WarpRectilinear:
    """Distortion, lateral colour and decentring to undo on the developed picture (opcode 1).

    A picture's pixel at (dx, dy) from the centre, over the distance m of the farthest corner, is taken from
    x = m (dx f + kt0 2 dx dy + kt1 (r^2 + 2 dx^2)), y = m (dy f + kt1 2 dx dy + kt0 (r^2 + 2 dy^2)),
    f = kr0 + kr1 r^2 + kr2 r^4 + kr3 r^6, r^2 = dx^2 + dy^2.
    """

    coefficients: tuple[tuple[float, float, float, float, float, float], ...]
    """kr0, kr1, kr2, kr3, kt0, kt1: one row for all colours, or one each for R, G, B."""
    center_x: float
    """Relative column of the optical centre, 0 to 1."""
    center_y: float
    """Relative row of the optical centre, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse another number of planes and what isn't finite. Raises RawFormatError."""
        _check_center("WarpRectilinear", self.center_x, self.center_y)
        planes = len(self.coefficients)
        _require(planes in (1, 3), f"WarpRectilinear has {planes} planes; 1 or 3 are read")
        _require(all(map(_all_finite, self.coefficients)), "WarpRectilinear has a coefficient that isn't finite")


@dataclass(frozen=True)
class NoiseProfile:
    """A shot's noise as the camera measured it (tag 51041): variance = scale * light + offset.

    Light is 0 at black and 1 at white, before white balance and every gain. Each triple is in the order R, G, B.
    """

    scale: Triple
    """Shot noise, 0 or more."""
    offset: Triple
    """Read noise, 0 or more."""

    def __post_init__(self) -> None:
        """Refuse noise that is negative or not finite. Raises RawFormatError."""
        values = (*self.scale, *self.offset)
        _require(_all_finite(values) and min(values) >= 0, f"NoiseProfile has the values {values}; 0 or more is needed")


@dataclass(frozen=True)
class Crop:
    """The part of the mosaic that is the picture (DefaultCropOrigin, DefaultCropSize): cut out last."""

    top: int
    left: int
    height: int
    width: int


def _check_center(name: str, x: float, y: float) -> None:
    _require(0 <= x <= 1 and 0 <= y <= 1, f"{name} has its centre at ({x:g}, {y:g}); 0 to 1 is needed")


def _all_finite(values: tuple[float, ...]) -> bool:
    return bool(np.all(np.isfinite(values)))


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise RawFormatError(f"{problem}. The file may be damaged; convert it to DNG again.")
