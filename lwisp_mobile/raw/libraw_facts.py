"""What LibRaw reports about a sensor, in this package's terms. Plain numbers in; no rawpy here."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.color import as_matrix, camera_to_srgb_from_xyz, unit_rows
from lwisp_mobile.raw.hints import Sites
from lwisp_mobile.raw.image import CaptureInfo
from lwisp_mobile.raw.refusals import explain_filters, explain_pattern

# LibRaw's flip is dcraw's: bit 0 mirrors columns, bit 1 mirrors rows, bit 2 transposes; some formats give degrees.
_ORIENTATION_OF_FLIP = {0: 1, 1: 2, 3: 3, 2: 4, 4: 5, 6: 6, 7: 7, 5: 8, 90: 6, 180: 3, 270: 8}


@dataclass(frozen=True)
class Bayer:
    """The 2x2 cell at the visible area's top left."""

    cfa: str
    """Filter order, one of CFA_ORDERS."""
    colors: tuple[int, int, int, int]
    """LibRaw's colour index (0 to 3) of each site, row by row: where its per-colour lists are read."""


def bayer_cell(pattern: NDArray[np.uint8], letters: str, top_px: int, left_px: int) -> Bayer:
    """The filter order of the visible area.

    pattern: (n, n) uint8, colour indices at the top left of the whole sensor; letters: one per index,
    RGBG for Bayer; top_px, left_px: the masked borders, which may be odd.
    Raises UnsupportedSensorError, saying in a photographer's words what the sensor is.
    """
    if pattern.shape != (2, 2):
        raise explain_pattern(pattern.shape)
    sites = [int(pattern[(top_px + y) % 2, (left_px + x) % 2]) for y, x in ((0, 0), (0, 1), (1, 0), (1, 1))]
    cfa = "".join(letters.ljust(4, "?")[site] for site in sites)
    if cfa not in CFA_ORDERS:
        raise explain_filters(cfa)
    return Bayer(cfa, (sites[0], sites[1], sites[2], sites[3]))


def site_values(by_color: list[int], colors: tuple[int, int, int, int]) -> Sites:
    """LibRaw's list by colour index as a list by site of the 2x2 cell."""
    first, second, third, fourth = (float(by_color[color]) for color in colors)
    return first, second, third, fourth


def white_level(maximum: int, by_color: list[int] | None, black: Sites) -> float:
    """The lowest level the file says saturates, where it's plausible; else LibRaw's own for the camera."""
    lowest = min(by_color) if by_color else 0
    return float(lowest if max(black) < lowest <= maximum else maximum)


def camera_matrix(to_srgb: NDArray[np.float32], from_xyz: NDArray[np.float32]) -> Matrix3 | None:
    """White-balanced camera RGB to linear sRGB, rows summing to 1; None if LibRaw has neither matrix.

    to_srgb: (3, 4), used if it isn't zero; from_xyz: (4, 3). The fourth colour is the second green.
    """
    if np.any(to_srgb):
        folded = to_srgb[:, :3].astype(np.float64)
        folded[:, 1] += to_srgb[:, 3]
        return as_matrix(unit_rows(folded))
    if np.any(from_xyz):
        return camera_to_srgb_from_xyz(from_xyz[:3].astype(np.float64))
    return None


def exif_orientation(flip: int) -> int:
    """EXIF orientation, 1 to 8, of LibRaw's flip; 1 if the flip is unknown."""
    return _ORIENTATION_OF_FLIP.get(flip, 1)


def capture_info(
    iso: float, exposure_s: float, f_number: float, focal_length_mm: float, taken_at: datetime | None
) -> CaptureInfo:
    """What LibRaw knows about the shot, without its placeholders.

    LibRaw gives 0 for what's missing; an APEX value of 0 becomes 1 s and f/1, which are
    placeholders when the ISO is missing too. 65535 stands for an ISO beyond 16 bits.
    """
    no_exif = not iso > 0
    return CaptureInfo(
        iso=_positive(iso) if iso != 65535 else None,
        exposure_s=None if no_exif and exposure_s == 1 else _positive(exposure_s),
        f_number=None if no_exif and f_number == 1 else _positive(f_number),
        focal_length_mm=_positive(focal_length_mm),
        taken_at=taken_at,
    )


def _positive(value: float) -> float | None:
    # Single-precision noise would show up as ISO 99.9999 or f/5.599999 in the picture's EXIF.
    return float(f"{value:.6g}") if np.isfinite(value) and value > 0 else None
