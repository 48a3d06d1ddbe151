"""Mosaics without a camera's header: plain samples, 16-bit PNG, PGM. The facts come from hints."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawFormatError, UnsupportedSensorError, require_extra
from lwisp_mobile.raw.hints import MAX_PIXELS, RawHints
from lwisp_mobile.raw.image import CaptureInfo, RawImage
from lwisp_mobile.raw.metadata import FileFacts, to_image
from lwisp_mobile.raw.pgm import read_pgm

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What Pillow lets through from a damaged PNG.
_DAMAGE = (SyntaxError, ValueError, EOFError, struct.error, zlib.error)
PLAIN_SUFFIXES = (".raw", ".bin")


@dataclass(frozen=True)
class Samples:
    """A mosaic's samples and how many bits they can have."""

    mosaic: NDArray[np.uint16]
    """(H, W) uint16."""
    bits: int


def is_headerless(path: Path, head: bytes) -> bool:
    """Whether a file is to be read here. head: its first bytes; old Panasonic .raw files have a TIFF-like one."""
    if head.startswith((PNG_SIGNATURE, b"P5")):
        return True
    return path.suffix.lower() in PLAIN_SUFFIXES and not head.startswith((b"IIU\0", b"II*\0", b"MM\0*"))


def read_headerless(path: Path, head: bytes, hints: RawHints) -> RawImage:
    """Read a mosaic without a camera's header.

    Raises RawFormatError, naming the key, if a fact is missing or doesn't fit the file.
    """
    samples = _read_samples(path, head, hints)
    bits = hints.bits or samples.bits
    _check_range(samples.mosaic, bits)
    white, note = float(2**bits - 1), f"White level taken as 2^{bits} - 1."
    notes = (note,) if hints.white is None else ()
    return to_image(FileFacts(samples.mosaic, white=white, info=CaptureInfo(), notes=notes), hints)


def _read_samples(path: Path, head: bytes, hints: RawHints) -> Samples:
    if head.startswith(PNG_SIGNATURE):
        samples = _read_png(path)
    elif head.startswith(b"P5"):
        pgm = read_pgm(path)
        samples = Samples(pgm.samples, pgm.bits)
    else:
        return _read_plain(path, hints)
    _check_declared(samples, hints)
    return samples


def _check_declared(samples: Samples, hints: RawHints) -> None:
    height, width = samples.mosaic.shape
    if hints.size is not None and hints.size != (width, height):
        raise RawFormatError(f"size = {hints.size[0]}x{hints.size[1]}, but the file is {width}x{height}. Leave it out.")
    if hints.byte_order is not None:
        raise RawFormatError("byte_order is for plain .raw and .bin files; PNG and PGM fix it. Leave it out.")


def _read_plain(path: Path, hints: RawHints) -> Samples:
    """Plain samples, row by row: bytes for 8 bits, 16-bit words for more."""
    if hints.size is None or hints.bits is None:
        key, example = ("bits", "10") if hints.size else ("size", "1920x1080")
        raise RawFormatError(
            f"{key} is missing: {path.suffix} files have no header. Give --{key} {example}, or a sidecar "
            f"{path.name}.toml with size, bits, cfa, black and white_balance."
        )
    width, height = hints.size
    word = "<u2" if hints.byte_order in (None, "little") else ">u2"
    dtype = np.dtype(np.uint8 if hints.bits == 8 else word)
    _check_bytes(path.stat().st_size, width * height * dtype.itemsize, hints)
    samples = np.fromfile(path, dtype, width * height)
    return Samples(samples.reshape(height, width).astype(np.uint16), hints.bits)


def _check_bytes(found: int, needed: int, hints: RawHints) -> None:
    if found != needed and hints.size is not None:
        raise RawFormatError(
            f"The file has {found} bytes; size = {hints.size[0]}x{hints.size[1]} with bits = {hints.bits} "
            f"needs {needed}. Correct size or bits (8: one byte per sample; 9 to 16: two)."
        )


def _check_range(mosaic: NDArray[np.uint16], bits: int) -> None:
    largest = int(mosaic.max(initial=0))
    if largest >= 2**bits:
        raise RawFormatError(
            f"The largest sample is {largest}, but bits = {bits} allows {2**bits - 1}. Correct bits or byte_order; "
            "if the samples are right, give more bits and the real white level with white."
        )


def _read_png(path: Path) -> Samples:
    """A grey PNG of 8 or 16 bits, samples as stored."""
    try:
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("Pillow", "raw", error) from error
    try:
        with warnings.catch_warnings():
            # Phones' 108-megapixel mosaics are no bombs; Pillow refuses at twice the size it warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as picture:
                _check_png(picture.mode, *picture.size)
                samples = np.array(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, *_DAMAGE) as error:
        raise RawFormatError(f"The PNG is truncated, damaged or far too large ({error}). Copy it again.") from error
    return Samples(samples.astype(np.uint16), 8 if samples.dtype == np.uint8 else 16)


def _check_png(mode: str, width: int, height: int) -> None:
    if mode not in ("L", "I;16"):
        raise UnsupportedSensorError(
            f"The PNG has pixels of type {mode}; a mosaic has one grey value of 8 or 16 bits per pixel. "
            "This looks like a developed picture, not a RAW."
        )
    if width * height > MAX_PIXELS:
        raise RawFormatError(f"The PNG declares {width}x{height} px; at most {MAX_PIXELS // 1_000_000} Mpx are read.")
