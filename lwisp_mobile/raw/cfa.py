"""Colour filter arrays: align any Bayer order to RGGB, pack a mosaic into planes and back."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import CfaError

T = TypeVar("T", bound=np.generic)

CFA_ORDERS = ("RGGB", "GRBG", "GBRG", "BGGR")

# Rows and columns to put before a mosaic so that it starts with RGGB.
_OFFSET_PX = {"RGGB": (0, 0), "GRBG": (0, 1), "GBRG": (1, 0), "BGGR": (1, 1)}


def check_cfa(order: str) -> str:
    """Return the order if it's one of CFA_ORDERS. Raises CfaError."""
    if order not in CFA_ORDERS:
        raise CfaError(f"CFA order {order!r} is unknown; give one of {', '.join(CFA_ORDERS)}.")
    return order


def cfa_offset_px(order: str) -> tuple[int, int]:
    """Rows and columns (0 or 1 each) that `align` puts before a mosaic of this order."""
    return _OFFSET_PX[check_cfa(order)]


def align(mosaic: NDArray[T], order: str, multiple_px: int) -> NDArray[T]:
    """Extend a mosaic of any order to RGGB with sides of a multiple, by reflection.

    Reflection about a border pixel keeps the filter colours in phase, so no sample is lost.
    mosaic: (H, W), any dtype. multiple_px: even. Returns (H', W') >= (H, W).
    Raises CfaError if the order is unknown or a side is under 2 px.
    """
    rows, columns = aligned_indices(mosaic.shape, order, multiple_px)
    if (len(rows), len(columns)) == mosaic.shape:
        return mosaic
    return mosaic[np.ix_(rows, columns)]


def aligned_indices(shape: tuple[int, ...], order: str, multiple_px: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The mosaic's row of each row that `align` gives, and the same for columns. Raises CfaError as `align` does."""
    top, left = cfa_offset_px(order)
    height, width = shape
    if min(height, width) < 2:
        raise CfaError(f"A mosaic of {width}x{height} px has no full 2x2 cell; at least 2x2 is needed.")
    bottom, right = -(height + top) % multiple_px, -(width + left) % multiple_px
    rows = np.pad(np.arange(height), (top, bottom), mode="reflect")
    return rows, np.pad(np.arange(width), (left, right), mode="reflect")


def site_order(order: str) -> tuple[int, int, int, int]:
    """For planes R, Gr, Gb, B: the index of each site in the mosaic's own 2x2 cell, row by row."""
    top, left = cfa_offset_px(order)
    rows_cols = ((0, 0), (0, 1), (1, 0), (1, 1))
    sites = [((y + top) % 2) * 2 + (x + left) % 2 for y, x in rows_cols]
    return sites[0], sites[1], sites[2], sites[3]


def pack(mosaic: NDArray[T]) -> NDArray[T]:
    """Pack an RGGB mosaic into four half-size planes.

    mosaic: (H, W), any dtype, H and W even. Returns (H/2, W/2, 4), order R, Gr, Gb, B.
    Raises CfaError if a side is odd.
    """
    height, width = mosaic.shape
    if height % 2 or width % 2:
        raise CfaError(f"A mosaic of {width}x{height} px has an odd side; call align() first.")
    return np.stack([mosaic[0::2, 0::2], mosaic[0::2, 1::2], mosaic[1::2, 0::2], mosaic[1::2, 1::2]], axis=-1)


def unpack(planes: NDArray[T]) -> NDArray[T]:
    """Put four half-size planes back into an RGGB mosaic: the inverse of `pack`.

    planes: (h, w, 4), order R, Gr, Gb, B. Returns (2h, 2w).
    """
    height, width, _ = planes.shape
    mosaic = np.empty((2 * height, 2 * width), planes.dtype)
    for index in range(4):
        mosaic[index // 2 :: 2, index % 2 :: 2] = planes[..., index]
    return mosaic
