"""DNG: write a frame as a DNG 1.4 that other RAW software reads too."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.output.exif import MAKE, MODEL, ORIENTATION, shot_tags
from lwisp_mobile.output.tiff import (
    TiffTag,
    bytes_tag,
    long_tag,
    rational_tag,
    short_tag,
    signed_rational_tag,
    text_tag,
    write_tiff,
)
from lwisp_mobile.raw.color import SRGB_TO_XYZ, unit_rows
from lwisp_mobile.raw.image import CaptureInfo, Gains, RawImage
from lwisp_mobile.serialize.files import atomic_write

SAMPLE_MAKE, SAMPLE_MODEL = "lwisp", "lwisp sample"
FIXED_TIME = datetime(2026, 1, 1, 12, 0, 0)
"""When the sample was taken, if nobody says; fixed, so that equal mosaics are equal bytes."""

# Photometric interpretation of a mosaic; D65 among Exif's light sources; rectangular pixels.
CFA_PHOTOMETRIC, D65, RECTANGULAR = 32803, 21, 1
_COLOR_INDEX = {"R": 0, "G": 1, "B": 2}


def write_dng(path: Path, raw: RawImage) -> None:
    """Write a frame as an uncompressed DNG; equal frames give equal bytes. Its light is taken as D65.

    Raises RawFormatError if the frame has no colour matrix or a singular one, OSError if the file can't be written.
    """
    if raw.camera_to_srgb is None:
        raise RawFormatError("A DNG needs the camera's colour matrix; this frame has none. Give one with --matrix.")
    named = replace(raw, info=_named(raw.info))
    tags = [*_identity_tags(named), *_sensor_tags(named), *_color_tags(raw.camera_to_srgb, raw.wb_gains)]
    with atomic_write(path) as temporary:
        write_tiff(temporary, raw.mosaic, CFA_PHOTOMETRIC, tags, shot_tags(named.info))


def xyz_to_camera(camera_to_srgb: Matrix3, wb_gains: Gains) -> NDArray[np.float64]:
    """DNG's ColorMatrix1: CIE XYZ to camera RGB before white balance, under the light of the gains.

    The inverse of color.camera_to_srgb_from_xyz; rows are divided by the gains, so that XYZ's white
    becomes the camera's neutral. Returns (3, 3). Raises RawFormatError if the matrix is singular.
    """
    to_srgb = unit_rows(np.array(camera_to_srgb, np.float64))
    if abs(np.linalg.det(to_srgb)) < 1e-6:
        raise RawFormatError(f"The camera's matrix {camera_to_srgb} is singular; give one that can be inverted.")
    from_xyz = np.linalg.inv(to_srgb) @ np.linalg.inv(SRGB_TO_XYZ)
    return np.asarray(from_xyz * _neutral(wb_gains)[:, None])


def _named(info: CaptureInfo) -> CaptureInfo:
    return replace(
        info,
        make=info.make or SAMPLE_MAKE,
        model=info.model or SAMPLE_MODEL,
        taken_at=info.taken_at or FIXED_TIME,
    )


def _neutral(gains: Gains) -> NDArray[np.float64]:
    """What the camera sees of a grey surface, the strongest colour 1: DNG's AsShotNeutral."""
    return np.asarray(min(gains) / np.array(gains, np.float64))


def _identity_tags(raw: RawImage) -> list[TiffTag]:
    """DNGVersion, DNGBackwardVersion, names and orientation."""
    model = raw.info.model or SAMPLE_MODEL
    return [
        bytes_tag(50706, bytes((1, 4, 0, 0))),
        bytes_tag(50707, bytes((1, 1, 0, 0))),
        text_tag(MAKE, raw.info.make or SAMPLE_MAKE),
        text_tag(MODEL, model),
        text_tag(50708, model),
        short_tag(ORIENTATION, raw.orientation),
    ]


def _sensor_tags(raw: RawImage) -> list[TiffTag]:
    """NewSubfileType, CFARepeatPatternDim, CFAPattern, CFALayout, BlackLevelRepeatDim, BlackLevel, WhiteLevel."""
    return [
        long_tag(254, 0),
        short_tag(33421, 2, 2),
        bytes_tag(33422, bytes(_COLOR_INDEX[letter] for letter in raw.cfa)),
        short_tag(50711, RECTANGULAR),
        short_tag(50713, 2, 2),
        rational_tag(50714, *raw.black_level),
        long_tag(50717, round(raw.white_level)),
    ]


def _color_tags(camera_to_srgb: Matrix3, wb_gains: Gains) -> list[TiffTag]:
    """ColorMatrix1, AsShotNeutral, CalibrationIlluminant1."""
    return [
        signed_rational_tag(50721, [float(value) for value in xyz_to_camera(camera_to_srgb, wb_gains).ravel()]),
        rational_tag(50728, *(float(value) for value in _neutral(wb_gains))),
        short_tag(50778, D65),
    ]
