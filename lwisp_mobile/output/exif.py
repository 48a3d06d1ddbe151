"""What a camera recorded about a shot, as Exif 2.32 tags of the pictures and DNGs written."""

from lwisp_mobile.output.tiff import (
    UNDEFINED,
    TiffTag,
    bytes_tag,
    directories,
    rational_tag,
    short_tag,
    signed_rational_tag,
    text_tag,
)
from lwisp_mobile.raw.image import CaptureInfo
from lwisp_mobile.version import __version__

ISO_LIMIT = 65_535
"""The ISO tag has 16 bits; higher values are written as this, as cameras do."""

MAKE, MODEL, ORIENTATION, SOFTWARE = 271, 272, 274, 305
EXPOSURE_TIME, F_NUMBER, ISO, TAKEN_AT, FOCAL_LENGTH = 33434, 33437, 34855, 36867, 37386
EXPOSURE_COMPENSATION, FOCAL_LENGTH_35MM, LENS_MODEL = 37380, 41989, 42036
GPS_VERSION, LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = range(7)
EXIF_VERSION, COLOR_SPACE, COLOR_SPACE_SRGB = 36864, 40961, 1


def picture_tags(info: CaptureInfo) -> tuple[TiffTag, ...]:
    """Tags of a finished picture's first directory. Its pixels are upright: orientation 1."""
    names = [text_tag(number, text) for number, text in ((MAKE, info.make), (MODEL, info.model)) if text]
    return (*names, short_tag(ORIENTATION, 1), text_tag(SOFTWARE, software()))


def shot_tags(info: CaptureInfo) -> tuple[TiffTag, ...]:
    """Tags of the Exif directory that the camera provided values for."""
    tags = [bytes_tag(EXIF_VERSION, b"0232", UNDEFINED)]
    given = ((EXPOSURE_TIME, info.exposure_s), (F_NUMBER, info.f_number), (FOCAL_LENGTH, info.focal_length_mm))
    tags += [rational_tag(number, value) for number, value in given if value is not None]
    if info.iso is not None:
        tags.append(short_tag(ISO, min(round(info.iso), ISO_LIMIT)))
    if info.taken_at is not None:
        tags.append(text_tag(TAKEN_AT, info.taken_at.strftime("%Y:%m:%d %H:%M:%S")))
    if info.exposure_compensation_ev is not None:
        tags.append(signed_rational_tag(EXPOSURE_COMPENSATION, [info.exposure_compensation_ev]))
    if info.focal_length_35mm_mm is not None:
        tags.append(short_tag(FOCAL_LENGTH_35MM, min(round(info.focal_length_35mm_mm), ISO_LIMIT)))
    if info.lens is not None:
        tags.append(text_tag(LENS_MODEL, info.lens))
    return tuple(tags)


def gps_tags(info: CaptureInfo) -> tuple[TiffTag, ...]:
    """Tags of the GPS directory; none if the place isn't known."""
    if info.gps is None:
        return ()
    latitude, longitude, altitude = info.gps.latitude_deg, info.gps.longitude_deg, info.gps.altitude_m
    tags = [
        bytes_tag(GPS_VERSION, bytes((2, 3, 0, 0))),
        text_tag(LATITUDE_REF, "S" if latitude < 0 else "N"),
        rational_tag(LATITUDE, *_degrees_minutes_seconds(abs(latitude))),
        text_tag(LONGITUDE_REF, "W" if longitude < 0 else "E"),
        rational_tag(LONGITUDE, *_degrees_minutes_seconds(abs(longitude))),
    ]
    if altitude is not None:
        tags += [bytes_tag(ALTITUDE_REF, bytes([altitude < 0])), rational_tag(ALTITUDE, abs(altitude))]
    return tuple(tags)


def _degrees_minutes_seconds(degrees: float) -> tuple[float, float, float]:
    # Rounded first: 59.9999999 seconds must not become 60.
    seconds = round(degrees * 3600, 6)
    return seconds // 3600, seconds % 3600 // 60, round(seconds % 60, 6)


def srgb_tags(info: CaptureInfo) -> tuple[TiffTag, ...]:
    """Tags of the Exif directory of a finished picture: the shot's, and that its colours are sRGB."""
    return (*shot_tags(info), short_tag(COLOR_SPACE, COLOR_SPACE_SRGB))


def exif_block(info: CaptureInfo) -> bytes:
    """The Exif block of a JPEG or PNG."""
    return b"Exif\0\0" + directories(picture_tags(info), srgb_tags(info), gps_tags(info))


def software() -> str:
    """This package's name and version, for the tag Software."""
    return f"lwisp-mobile {__version__}"
