"""Finished pictures: turn them upright and write them as PNG, JPEG or TIFF, tagged as sRGB."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import ImageError, NonFiniteError, require_extra
from lwisp_mobile.output.exif import exif_block, gps_tags, picture_tags, srgb_tags
from lwisp_mobile.output.tiff import UNDEFINED, bytes_tag, write_tiff
from lwisp_mobile.raw.image import CaptureInfo
from lwisp_mobile.serialize.files import unnamed_write

if TYPE_CHECKING:
    from PIL import Image

Rgb = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
T = TypeVar("T", bound=np.generic)

_FULL_SCALE = {"uint8": 255, "uint16": 65535, "float32": 1}
PILLOW_BYTES_PER_PX = 4
"""Of Pillow's own copy of a picture."""
JPEG_QUALITY = 95
JPEG_MAX_SIDE_PX = 65_500
"""libjpeg's limit."""
TIFF_RGB, ICC_PROFILE = 2, 34675
ICC_DATE, FIXED_ICC_DATE = slice(24, 36), bytes.fromhex("07ea 0001 0001 0000 0000 0000")
"""Where an ICC header has its creation date, six 16-bit numbers from the year on; and the date written there."""
NO_INFO = CaptureInfo()


def write_picture(path: str | Path, rgb: Rgb, info: CaptureInfo = NO_INFO, *, strip_gps: bool = False) -> None:
    """Write an upright sRGB picture: .png and .jpg with 8 bits, .tif with 16.

    rgb: (H, W, 3) uint8, uint16 or float32 in [0, 1]. info: becomes EXIF tags. strip_gps: leave the
    place out of them. The file appears whole or not at all; its folder is created.
    Raises ImageError if the suffix is unknown or the file can't be written, NonFiniteError on NaN.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise ImageError(f"{path}: the suffix {path.suffix!r} is unknown; give one of {', '.join(_WRITERS)}.")
    _check_picture(path, rgb)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unnamed_write(path) as temporary:
            write(temporary, rgb, replace(info, gps=None) if strip_gps else info)
    except OSError as error:
        raise ImageError(
            f"{path}: the picture can't be written ({error.strerror or error}). Check the folder, its permissions "
            "and the space left."
        ) from error


def writing_bytes(path: str | Path, rgb_px: int, *, contiguous: bool) -> int:
    """What `write_picture` takes beside a picture of the file's own depth, at most.

    rgb_px: its pixels. contiguous: whether it's C-contiguous, as one that was cut out or turned is not.
    """
    if _WRITERS.get(Path(path).suffix.lower()) is _write_tiff:
        return 0
    return rgb_px * (PILLOW_BYTES_PER_PX + (0 if contiguous else 3))


def orient(rgb: NDArray[T], orientation: int) -> NDArray[T]:
    """Turn a picture upright. rgb: (H, W, ...); orientation: EXIF, 1 to 8; 5 to 8 swap the sides.

    Returns a view. Raises ImageError on another orientation.
    """
    if orientation not in _TURNS:
        raise ImageError(f"Orientation {orientation} is unknown; EXIF has 1 to 8. Give --orientation.")
    return _TURNS[orientation](rgb)


_TURNS: dict[int, Callable[[NDArray[T]], NDArray[T]]] = {
    1: lambda rgb: rgb,
    2: lambda rgb: rgb[:, ::-1],
    3: lambda rgb: rgb[::-1, ::-1],
    4: lambda rgb: rgb[::-1],
    5: lambda rgb: rgb.swapaxes(0, 1),
    6: lambda rgb: rgb[::-1].swapaxes(0, 1),
    7: lambda rgb: rgb[::-1, ::-1].swapaxes(0, 1),
    8: lambda rgb: rgb[:, ::-1].swapaxes(0, 1),
}


def to_8_bit(rgb: Rgb) -> NDArray[np.uint8]:
    """Round to 8 bits; 65535 and 1.0 become 255."""
    return np.asarray(rgb if rgb.dtype == np.uint8 else _rounded(rgb, 255), np.uint8)


def to_16_bit(rgb: Rgb) -> NDArray[np.uint16]:
    """Round to 16 bits; 255 and 1.0 become 65535."""
    return np.asarray(rgb if rgb.dtype == np.uint16 else _rounded(rgb, 65535), np.uint16)


def _rounded(rgb: Rgb, largest: int) -> NDArray[np.float32]:
    scaled = rgb.astype(np.float32) * np.float32(largest / _FULL_SCALE[rgb.dtype.name])
    return np.clip(np.rint(scaled, out=scaled), 0, largest, out=scaled)


def _check_picture(path: Path, rgb: Rgb) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or min(rgb.shape) < 1:
        raise ImageError(f"{path}: a picture must be (H, W, 3); found {rgb.shape}.")
    if rgb.dtype.name not in _FULL_SCALE:
        raise ImageError(f"{path}: a picture must be uint8, uint16 or float32; found {rgb.dtype}.")
    if _WRITERS[path.suffix.lower()] is _write_jpeg and max(rgb.shape) > JPEG_MAX_SIDE_PX:
        found = f"{rgb.shape[1]}x{rgb.shape[0]}"
        raise ImageError(f"{path}: a JPEG's sides are at most {JPEG_MAX_SIDE_PX} px; found {found}. Write .tif.")
    if rgb.dtype == np.float32 and not np.isfinite(rgb).all():
        raise NonFiniteError(f"{path}: the picture has {np.count_nonzero(~np.isfinite(rgb))} NaN or infinite values.")


def _write_png(path: Path, rgb: Rgb, info: CaptureInfo) -> None:
    _pillow_image(rgb).save(path, format="PNG", exif=exif_block(info), icc_profile=srgb_profile())


def _write_jpeg(path: Path, rgb: Rgb, info: CaptureInfo) -> None:
    # 4:4:4: subsampled chroma would undo part of the demosaicing.
    _pillow_image(rgb).save(
        path,
        format="JPEG",
        quality=JPEG_QUALITY,
        subsampling=0,
        exif=exif_block(info),
        icc_profile=srgb_profile(),
    )


def _write_tiff(path: Path, rgb: Rgb, info: CaptureInfo) -> None:
    tags = [*picture_tags(info), bytes_tag(ICC_PROFILE, srgb_profile(), UNDEFINED)]
    write_tiff(path, to_16_bit(rgb), TIFF_RGB, tags, srgb_tags(info), gps=gps_tags(info))


def _pillow_image(rgb: Rgb) -> "Image.Image":
    try:
        from PIL import Image  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("Pillow", "raw", error) from error
    return Image.fromarray(np.ascontiguousarray(to_8_bit(rgb)))


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, with a fixed date, so that equal pictures are equal files."""
    try:
        from PIL import ImageCms  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("Pillow", "raw", error) from error
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[ICC_DATE] = FIXED_ICC_DATE
    return bytes(profile)


_WRITERS: dict[str, Callable[[Path, Rgb, CaptureInfo], None]] = {
    ".png": _write_png,
    ".jpg": _write_jpeg,
    ".jpeg": _write_jpeg,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
}
PICTURE_SUFFIXES = tuple(_WRITERS)
"""The kinds of pictures that can be written."""
