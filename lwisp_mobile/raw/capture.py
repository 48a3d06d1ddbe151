"""What a camera wrote about the shot: names, lens, exposure compensation and place, out of a file's TIFF directories.

None of it changes the picture, so what is damaged is left out. Source: Exif 2.32.
"""

from collections.abc import Callable
from typing import TypeVar

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.image import CaptureInfo, GpsPosition
from lwisp_mobile.raw.tiff_tags import Directory, Tiff

T = TypeVar("T")

MAKE, MODEL = 271, 272
EXPOSURE_COMPENSATION, FOCAL_LENGTH_35MM, LENS_MODEL = 37380, 41989, 42036
GPS_LATITUDE_REF, GPS_LATITUDE, GPS_LONGITUDE_REF, GPS_LONGITUDE, GPS_ALTITUDE_REF, GPS_ALTITUDE = range(1, 7)
MAX_COMPENSATION_EV = 20.0


def read_capture(tiff: Tiff | None) -> CaptureInfo:
    """What the directories say; nothing for a file without. Never fails."""
    if tiff is None:
        return CaptureInfo()
    exif, gps = tiff.exif, tiff.gps
    return CaptureInfo(
        make=_whole(lambda: tiff.main.text(MAKE)),
        model=_whole(lambda: tiff.main.text(MODEL)),
        exposure_compensation_ev=None if exif is None else _whole(lambda: _compensation(exif)),
        focal_length_35mm_mm=None if exif is None else _whole(lambda: exif.number(FOCAL_LENGTH_35MM) or None),
        lens=None if exif is None else _whole(lambda: exif.text(LENS_MODEL)),
        gps=None if gps is None else _whole(lambda: _position(gps)),
    )


def _whole(read: Callable[[], T | None]) -> T | None:
    try:
        return read()
    except RawFormatError:
        return None


def _compensation(exif: Directory) -> float | None:
    value = exif.number(EXPOSURE_COMPENSATION)
    return None if value is None or abs(value) > MAX_COMPENSATION_EV else value


def _position(gps: Directory) -> GpsPosition | None:
    latitude = _degrees(gps, GPS_LATITUDE, GPS_LATITUDE_REF, "NS", 90)
    longitude = _degrees(gps, GPS_LONGITUDE, GPS_LONGITUDE_REF, "EW", 180)
    if latitude is None or longitude is None:
        return None
    altitude = gps.number(GPS_ALTITUDE)
    below_sea = (gps.number(GPS_ALTITUDE_REF) or 0) == 1
    return GpsPosition(latitude, longitude, -altitude if altitude is not None and below_sea else altitude)


def _degrees(gps: Directory, tag: int, reference: int, letters: str, limit: float) -> float | None:
    """Degrees, minutes and seconds as degrees; None if they're missing or no place on Earth."""
    parts, letter = gps.numbers(tag), gps.text(reference)
    if parts is None or len(parts) != 3 or letter is None or letter not in letters:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    if not 0 <= degrees <= limit:
        return None
    return degrees if letter == letters[0] else -degrees
