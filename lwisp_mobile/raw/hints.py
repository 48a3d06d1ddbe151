"""RawHints: facts about a RAW file that a user gives, by flags or by a sidecar."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.cfa import check_cfa
from lwisp_mobile.raw.color import as_matrix, unit_rows
from lwisp_mobile.raw.image import Gains

MAX_PIXELS = 400_000_000
"""Frames larger than this are refused before memory is taken; the largest camera backs have 150 megapixels."""
MAX_GIVEN_RATIO = 1000
"""Gains given by hand may be stranger than a file's (a lamp behind a filter), but not without bounds."""
WHITE_BALANCES = ("as-shot", "daylight", "grey-world", "auto-fallback")
KELVIN = range(1700, 25_001)
TINT = range(-150, 151)
MAX_STRIDE_BYTES = 1 << 24
BYTE_ORDERS = ("little", "big")
BITS = range(8, 17)
ORIENTATIONS = range(1, 9)

Sites = tuple[float, float, float, float]

_TEMPERATURE = re.compile(r"(\d{4,5})K([+-]\d{1,3})?")


@dataclass(frozen=True)
class RawHints:
    """Facts that win over what the file says; None: as the file says. Every value is checked on creation."""

    size: tuple[int, int] | None = None
    """Width and height in pixels; only for a mosaic without a header."""
    cfa: str | None = None
    """Filter order of the 2x2 cell at the top left, one of CFA_ORDERS."""
    bits: int | None = None
    """Bits per sample, 8 to 16: 8 are read as bytes, more as 16-bit words, 10 and 12 also packed (MIPI).

    Only without a camera's header."""
    stride: int | None = None
    """Bytes from row to row of a headerless file; None: as many as the file's length says."""
    byte_order: str | None = None
    """Of 16-bit words in a headerless file: little (the default) or big."""
    black: float | Sites | None = None
    """Sensor value of black: one, or one per site of the 2x2 cell, row by row."""
    white: float | None = None
    """Sensor value at which a site saturates."""
    white_balance: str | Gains | None = None
    """One of WHITE_BALANCES (as-shot is the default), a colour temperature and perhaps a tint (5200K, 5200K+10), or
    gains of R, G, B. auto-fallback is the first of the others that this file allows."""
    matrix: Matrix3 | None = None
    """White-balanced camera RGB to linear sRGB; its rows are scaled to sum to 1."""
    orientation: int | None = None
    """EXIF orientation, 1 to 8."""
    iso: float | None = None
    make: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse values no file can have. Raises RawFormatError, CfaError or WhiteBalanceError."""
        _check_size(self.size)
        if self.cfa is not None:
            check_cfa(self.cfa)
        _check_choice("bits", self.bits, BITS)
        if self.stride is not None and not 0 < self.stride <= MAX_STRIDE_BYTES:
            raise RawFormatError(f"stride = {self.stride} can't be used; 1 to {MAX_STRIDE_BYTES} bytes are needed.")
        _check_choice("byte_order", self.byte_order, BYTE_ORDERS)
        _check_choice("orientation", self.orientation, ORIENTATIONS)
        _check_level("black", self.black)
        _check_level("white", self.white)
        _check_level("iso", self.iso)
        _check_white_balance(self.white_balance)
        if self.matrix is not None:
            unit_rows(np.array(self.matrix))

    @property
    def black_sites(self) -> Sites | None:
        """Black per site, one value repeated four times."""
        if self.black is None:
            return None
        if isinstance(self.black, tuple):
            return self.black
        return (float(self.black),) * 4


def override(base: RawHints, winner: RawHints) -> RawHints:
    """Facts of `base`, replaced by those that `winner` gives."""
    given = {field.name: getattr(winner, field.name) for field in fields(winner)}
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def temperature_and_tint(choice: str) -> tuple[int, int] | None:
    """Kelvin and tint of 5200K or 5200K+10; None for other texts, and for what no light has."""
    match = _TEMPERATURE.fullmatch(choice)
    if match is None:
        return None
    kelvin, tint = int(match[1]), int(match[2] or 0)
    return (kelvin, tint) if kelvin in KELVIN and tint in TINT else None


def matrix_from_nine(values: Sequence[float]) -> Matrix3:
    """Nine numbers, row by row, as a camera-to-sRGB matrix. Raises RawFormatError on another count or NaN."""
    if len(values) != 9:
        raise RawFormatError(f"matrix needs 9 numbers, row by row; found {len(values)}.")
    return as_matrix(np.array(values, np.float64).reshape(3, 3))


def _check_size(size: tuple[int, int] | None) -> None:
    if size is None:
        return
    width, height = size
    if width < 2 or height < 2 or width * height > MAX_PIXELS:
        raise RawFormatError(
            f"size = {width}x{height} can't be used: sides of at least 2 px and "
            f"at most {MAX_PIXELS // 1_000_000} megapixels are needed. Give width, height."
        )


def _check_choice(key: str, value: object, allowed: Sequence[object]) -> None:
    if value is not None and value not in allowed:
        raise RawFormatError(f"{key} = {value!r} is unknown; give one of {', '.join(map(str, allowed))}.")


def _check_level(key: str, value: float | Sites | None) -> None:
    if value is None:
        return
    if not np.all(np.isfinite(value)) or np.min(value) < 0:
        raise RawFormatError(f"{key} = {value} can't be used; a finite number, 0 or more, is needed.")


def _check_white_balance(value: str | Gains | None) -> None:
    if isinstance(value, str):
        if value not in WHITE_BALANCES and temperature_and_tint(value) is None:
            raise WhiteBalanceError(
                f"white_balance = {value!r} is unknown; give {', '.join(WHITE_BALANCES)}, a temperature of "
                f"{KELVIN[0]}K to {KELVIN[-1]}K with or without a tint of {TINT[0]} to +{TINT[-1]} (5200K, 5200K+10), "
                "or gains of R, G, B."
            )
    elif value is not None and not (np.all(np.isfinite(value)) and 0 < max(value) <= MAX_GIVEN_RATIO * min(value)):
        raise WhiteBalanceError(
            f"white_balance = {value} can't be used; three gains over 0, none over {MAX_GIVEN_RATIO} times "
            "another, are needed."
        )


NO_HINTS = RawHints()
