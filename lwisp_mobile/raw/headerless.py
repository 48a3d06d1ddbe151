"""Mosaics without a camera's header: plain or packed samples, NumPy arrays, PNG, PGM. The facts come from hints."""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawFormatError, UnsupportedSensorError, require_extra
from lwisp_mobile.raw.hints import MAX_PIXELS, RawHints
from lwisp_mobile.raw.image import CaptureInfo, RawImage
from lwisp_mobile.raw.metadata import FileFacts, to_image
from lwisp_mobile.raw.packed import PACKED_BITS, row_bytes, unpack_rows
from lwisp_mobile.raw.pgm import read_pgm

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngImageFile

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
NUMPY_SIGNATURE = b"\x93NUMPY"
NUMPY_HEAD_BYTES = 256
# numpy.lib.format's version 1.0; its own reader evaluates whatever stands there.
_NUMPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|]u[12])', 'fortran_order': False, 'shape': \((\d{1,9}), (\d{1,9})\), \}",
    re.DOTALL,
)
# What Pillow lets through from a damaged PNG.
_DAMAGE = (SyntaxError, ValueError, EOFError, struct.error, zlib.error)
PLAIN_SUFFIXES = (".raw", ".bin")
STRIP_ROWS = 256
MAX_FILL = 256
"""Bytes to which writers fill up rows."""


@dataclass(frozen=True)
class Samples:
    """A mosaic's samples and how many bits they can have."""

    mosaic: NDArray[np.uint16]
    """(H, W) uint16."""
    bits: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a plain file's rows are stored."""

    stride: int
    """Bytes from row to row."""
    is_packed: bool
    note: str | None = None


def is_headerless(path: Path, head: bytes) -> bool:
    """Whether a file is to be read here. head: its first bytes; old Panasonic .raw files have a TIFF-like one."""
    if head.startswith((PNG_SIGNATURE, NUMPY_SIGNATURE, b"P5")):
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
    notes = (*samples.notes, note) if hints.white is None else samples.notes
    facts = FileFacts(samples.mosaic, white=white, white_is_assumed=True, info=CaptureInfo(), notes=notes)
    return to_image(facts, hints)


def _read_samples(path: Path, head: bytes, hints: RawHints) -> Samples:
    if head.startswith(PNG_SIGNATURE):
        samples = _read_png(path)
    elif head.startswith(NUMPY_SIGNATURE):
        samples = _read_numpy(path)
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
    for key in ("byte_order", "stride"):
        if getattr(hints, key) is not None:
            raise RawFormatError(f"{key} is for plain .raw and .bin files; this format fixes it. Leave it out.")


def _read_plain(path: Path, hints: RawHints) -> Samples:
    """Plain samples, row by row: bytes for 8 bits, 16-bit words for more, or packed ones of 10 or 12."""
    if hints.size is None or hints.bits is None:
        key, example = ("bits", "10") if hints.size else ("size", "1920x1080")
        raise RawFormatError(
            f"{key} is missing: {path.suffix} files have no header. Give --{key} {example}, or a sidecar "
            f"{path.name}.toml with size, bits, cfa, black and white_balance."
        )
    width, height = hints.size
    layout = _find_layout(path.stat().st_size, width, height, hints)
    notes = (layout.note,) if layout.note else ()
    if layout.is_packed:
        rows = _read_rows(path, layout.stride, height, row_bytes(width, hints.bits))
        return Samples(unpack_rows(rows, width, hints.bits), hints.bits, notes)
    word = "<u2" if hints.byte_order in (None, "little") else ">u2"
    dtype = np.dtype(np.uint8 if hints.bits == 8 else word)
    rows = _read_rows(path, layout.stride, height, width * dtype.itemsize)
    return Samples(rows.view(dtype).astype(np.uint16), hints.bits, notes)


def _find_layout(found: int, width: int, height: int, hints: RawHints) -> Layout:
    """The layout that fits a file of `found` bytes. Raises RawFormatError if none does."""
    bits = hints.bits or 16
    plain = width if bits == 8 else 2 * width
    packed = row_bytes(width, bits) if bits in PACKED_BITS else plain
    if found == plain * height and hints.stride in (None, plain):
        return Layout(plain, is_packed=False)
    if hints.stride is None:
        # Rows may be filled up to a multiple of some bytes. Of unpacked ones, the user must say so: another size
        # than the given one looks the same.
        stride = found // height
        if (
            packed != plain
            and _fits(found, stride, height, packed)
            and (stride == packed or _is_filled(stride, packed))
        ):
            return Layout(stride, is_packed=True, note=_layout_note(bits, stride, packed, is_packed=True))
        raise _no_layout(found, plain, packed, hints)
    for needed in dict.fromkeys((plain, packed)):
        if needed <= hints.stride < 2 * needed and _fits(found, hints.stride, height, needed):
            is_packed = needed != plain
            return Layout(hints.stride, is_packed, _layout_note(bits, hints.stride, needed, is_packed=is_packed))
    raise _no_layout(found, plain, packed, hints)


def _fits(found: int, stride: int, height: int, needed: int) -> bool:
    """Whether rows make up a file: with the last row's fill or without, and boards add whole rows below."""
    whole_rows = found >= stride * height and found % max(stride, 1) == 0 and found < 2 * stride * height
    return whole_rows or found == stride * (height - 1) + needed


def _is_filled(stride: int, needed: int) -> bool:
    return stride % 16 == 0 and needed < stride < needed + MAX_FILL


def _layout_note(bits: int, stride: int, needed: int, *, is_packed: bool) -> str:
    form = f"packed as MIPI RAW{bits}" if is_packed else "not packed"
    fill = f", {stride - needed} of them fill" if stride > needed else ""
    return f"By the file's length, its samples are {form}, in rows of {stride} bytes{fill}."


def _no_layout(found: int, plain: int, packed: int, hints: RawHints) -> RawFormatError:
    width, height = hints.size or (0, 0)
    as_packed = f" or, packed as MIPI RAW{hints.bits}, {packed * height}" if packed != plain else ""
    stride = "" if hints.stride is None else f" and stride = {hints.stride}"
    return RawFormatError(
        f"The file has {found} bytes; size = {width}x{height} with bits = {hints.bits}{stride} needs {plain * height}"
        f"{as_packed}. Correct size, bits (8: one byte per sample; 9 to 16: two; 10 and 12 also packed) or stride."
    )


def _read_rows(path: Path, stride: int, height: int, needed: int) -> NDArray[np.uint8]:
    """(height, needed) uint8: each row without its fill."""
    if stride == needed:
        return np.fromfile(path, np.uint8, stride * height).reshape(height, stride)
    content = np.zeros(stride * height, np.uint8)
    read = np.fromfile(path, np.uint8, stride * height)
    content[: len(read)] = read
    return np.ascontiguousarray(content.reshape(height, stride)[:, :needed])


def _check_range(mosaic: NDArray[np.uint16], bits: int) -> None:
    largest = int(mosaic.max(initial=0))
    if largest >= 2**bits:
        raise RawFormatError(
            f"The largest sample is {largest}, but bits = {bits} allows {2**bits - 1}. Correct bits or byte_order; "
            "if the samples are right, give more bits and the real white level with white."
        )


def _read_numpy(path: Path) -> Samples:
    """A two-dimensional array of uint8 or uint16 as NumPy saves it (.npy); nothing else of what NumPy can store."""
    with path.open("rb") as file:
        head = file.read(NUMPY_HEAD_BYTES)
    header = _NUMPY_HEADER.match(head)
    if header is None:
        raise UnsupportedSensorError(
            "The .npy file isn't a mosaic: an array of shape (H, W) of uint8 or uint16, stored by rows, is needed. "
            "Save it by numpy.save(path, numpy.ascontiguousarray(mosaic))."
        )
    dtype, height, width = np.dtype(header[1].decode()), int(header[2]), int(header[3])
    _check_pixels("The .npy file", width, height)
    # Of the header's own length, two bytes: it's filled up with blanks so that samples are aligned.
    offset = 10 + int.from_bytes(head[8:10], "little")
    needed, found = width * height * dtype.itemsize, path.stat().st_size - offset
    if found < needed:
        raise RawFormatError(f"The .npy file is truncated: {found} bytes of samples, {needed} are needed.")
    samples = np.fromfile(path, dtype, width * height, offset=offset).reshape(height, width)
    return Samples(samples.astype(np.uint16), 8 * dtype.itemsize)


def _check_pixels(file: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise RawFormatError(f"{file} declares {width}x{height} px; at most {MAX_PIXELS // 1_000_000} Mpx are read.")


def _read_png(path: Path) -> Samples:
    """A grey PNG of 8 or 16 bits, samples as stored."""
    try:
        from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("Pillow", "raw", error) from error
    try:
        # Not Image.open, which takes the mosaics of large backs for bombs: the size is checked here.
        with path.open("rb") as file, PngImageFile(file) as picture:
            _check_png(picture.mode, *picture.size)
            return _png_samples(picture)
    except (OSError, *_DAMAGE) as error:
        raise RawFormatError(f"The PNG is truncated or damaged ({error}). Copy it again.") from error


def _check_png(mode: str, width: int, height: int) -> None:
    if mode not in ("L", "I;16"):
        raise UnsupportedSensorError(
            f"The PNG has pixels of type {mode}; a mosaic has one grey value of 8 or 16 bits per pixel. "
            "This looks like a developed picture, not a RAW."
        )
    _check_pixels("The PNG", width, height)


def _png_samples(picture: "PngImageFile") -> Samples:
    """The samples, converted strip by strip: whole copies of a large mosaic don't fit in the sandbox."""
    picture.load()
    width, height = picture.size
    mosaic = np.empty((height, width), np.uint16)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        mosaic[top:bottom] = np.asarray(picture.crop((0, top, width, bottom)))
    return Samples(mosaic, 8 if picture.mode == "L" else 16)
