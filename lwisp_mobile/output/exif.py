"""What a camera recorded about a shot, as Exif 2.32 tags of the pictures and DNGs written."""

from lwisp_mobile.output.tiff import UNDEFINED, TiffTag, bytes_tag, directories, rational_tag, short_tag, text_tag
from lwisp_mobile.raw.image import CaptureInfo
from lwisp_mobile.version import __version__

ISO_LIMIT = 65_535
"""The ISO tag has 16 bits; higher values are written as this, as cameras do."""

MAKE, MODEL, ORIENTATION, SOFTWARE = 271, 272, 274, 305
EXPOSURE_TIME, F_NUMBER, ISO, TAKEN_AT, FOCAL_LENGTH = 33434, 33437, 34855, 36867, 37386
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
    return tuple(tags)


def srgb_tags(info: CaptureInfo) -> tuple[TiffTag, ...]:
    """Tags of the Exif directory of a finished picture: the shot's, and that its colours are sRGB."""
    return (*shot_tags(info), short_tag(COLOR_SPACE, COLOR_SPACE_SRGB))


def exif_block(info: CaptureInfo) -> bytes:
    """The Exif block of a JPEG or PNG."""
    return b"Exif\0\0" + directories(picture_tags(info), srgb_tags(info))


def software() -> str:
    """This package's name and version, for the tag Software."""
    return f"lwisp-mobile {__version__}"
