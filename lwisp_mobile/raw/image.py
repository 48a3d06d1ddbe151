"""RawImage: one mosaic and the facts needed to develop it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.cfa import check_cfa
from lwisp_mobile.raw.corrections import BadPixels, Crop, GainMap, NoiseProfile, VignetteRadial, WarpRectilinear

Gains = tuple[float, float, float]

FactUse = Literal["honoured", "not honoured", "for models told the noise", "information"]

MAX_BASELINE_EV = 10.0
"""Cameras ask for up to about 3."""


@dataclass(frozen=True)
class GpsPosition:
    """Where a picture was taken (Exif's GPS directory)."""

    latitude_deg: float
    """North is positive, -90 to 90."""
    longitude_deg: float
    """East is positive, -180 to 180."""
    altitude_m: float | None = None
    """Above sea level."""


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
    focal_length_35mm_mm: float | None = None
    """Focal length with the same view on 35 mm film."""
    exposure_compensation_ev: float | None = None
    """What the photographer dialled in; the samples have it already."""
    lens: str | None = None
    gps: GpsPosition | None = None


@dataclass(frozen=True)
class FileFact:
    """One thing that a file says, and what is made of it."""

    name: str
    """The tag's or opcode's name in its specification."""
    value: str
    use: FactUse
    """Not honoured: it would change the picture, and a note says so. Information: it can't change the picture. For
    models told the noise: by those with a noise plane alone; others don't need it."""


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
    """What was assumed because the file didn't say, and what it says that isn't honoured, for the user to read."""
    gain_maps: tuple[GainMap, ...] = ()
    """Lens shading to undo, one map after another; empty if the file has none, as are the next three."""
    vignette: tuple[VignetteRadial, ...] = ()
    bad_pixels: tuple[BadPixels, ...] = ()
    warp: tuple[WarpRectilinear, ...] = ()
    baseline_exposure_ev: float = 0.0
    """Exposure that the file asks for, in stops (BaselineExposure + BaselineExposureOffset)."""
    noise_profile: NoiseProfile | None = None
    """Noise as the camera measured it; None if the file doesn't say."""
    crop: Crop | None = None
    """What of the developed mosaic, before it's turned upright, is the picture; None: all of it."""
    facts: tuple[FileFact, ...] = ()
    """What the file says, for `lwisp inspect`."""

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
        if not abs(self.baseline_exposure_ev) <= MAX_BASELINE_EV:
            raise RawFormatError(
                f"BaselineExposure is {self.baseline_exposure_ev} EV; at most {MAX_BASELINE_EV:g} either way is needed."
            )
        self._check_crop()

    def _check_crop(self) -> None:
        if self.crop is None:
            return
        top, left, height, width = self.crop.top, self.crop.left, self.crop.height, self.crop.width
        if (
            min(top, left) < 0
            or min(height, width) < 2
            or top + height > self.height_px
            or left + width > self.width_px
        ):
            raise RawFormatError(f"{self.crop} doesn't lie within the mosaic of {self.width_px}x{self.height_px} px.")

    @property
    def width_px(self) -> int:
        """Width of the mosaic in pixels, before orientation."""
        return int(self.mosaic.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the mosaic in pixels, before orientation."""
        return int(self.mosaic.shape[0])
