"""RawImage: one mosaic and the facts needed to develop it."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.cfa import check_cfa

Gains = tuple[float, float, float]


@dataclass(frozen=True)
class CaptureInfo:
    """What the camera wrote about the shot; None where it didn't."""

    make: str | None = None
    model: str | None = None
    iso: float | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    focal_length_mm: float | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True)
class RawImage:
    """A Bayer mosaic with its levels, colours and orientation."""

    mosaic: NDArray[np.uint16]
    """(H, W) uint16, sensor values as read, masked borders removed."""
    cfa: str
    """Filter order of the 2x2 cell at the mosaic's top left, one of CFA_ORDERS."""
    black_level: tuple[float, float, float, float]
    """Sensor value of black at the cell's four sites, row by row."""
    white_level: float
    """Sensor value at which a site saturates."""
    wb_gains: Gains
    """Gains of R, G, B to use, all above 0; only their ratios matter."""
    camera_to_srgb: Matrix3 | None
    """White-balanced linear camera RGB to linear sRGB, rows sum to 1. None if the file has none."""
    orientation: int = 1
    """EXIF orientation, 1 to 8: how to turn the picture upright."""
    info: CaptureInfo = field(default_factory=CaptureInfo)
    notes: tuple[str, ...] = ()
    """What was assumed because the file didn't say, for the user to read."""

    def __post_init__(self) -> None:
        """Refuse facts no picture can be made from."""
        check_cfa(self.cfa)
        if self.mosaic.ndim != 2 or min(self.mosaic.shape) < 2:
            raise RawFormatError(f"A mosaic must be 2-D and at least 2x2 px; found shape {self.mosaic.shape}.")
        levels = (*self.black_level, self.white_level)
        if not all(np.isfinite(levels)) or self.white_level <= max(self.black_level):
            raise RawFormatError(
                f"White level {self.white_level} isn't above the black levels {self.black_level}; "
                "give both with --black and --white."
            )
        if self.orientation not in range(1, 9):
            raise RawFormatError(f"Orientation {self.orientation} is unknown; EXIF has 1 to 8. Give --orientation.")
        if not all(np.isfinite(self.wb_gains)) or min(self.wb_gains) <= 0:
            raise WhiteBalanceError(f"White-balance gains {self.wb_gains} must be finite and above 0.")

    @property
    def width_px(self) -> int:
        """Width of the mosaic in pixels, before orientation."""
        return int(self.mosaic.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the mosaic in pixels, before orientation."""
        return int(self.mosaic.shape[0])
