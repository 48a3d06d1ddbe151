"""Read RAW files: camera files through LibRaw, mosaics without a header through hints."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import MissingExtraError, RawError, RawFormatError, UnsupportedSensorError, require_extra
from lwisp_mobile.raw.camera_names import TiffNames, read_tiff_names
from lwisp_mobile.raw.headerless import PNG_SIGNATURE, is_headerless, read_headerless
from lwisp_mobile.raw.hints import MAX_PIXELS, NO_HINTS, RawHints, override
from lwisp_mobile.raw.image import CaptureInfo, Gains, RawImage
from lwisp_mobile.raw.libraw_facts import (
    bayer_cell,
    camera_matrix,
    capture_info,
    exif_orientation,
    full_color_error,
    site_values,
    white_level,
)
from lwisp_mobile.raw.metadata import FileFacts, to_image
from lwisp_mobile.raw.sidecar import read_sidecar
from lwisp_mobile.raw.white_balance import FileBalance

if TYPE_CHECKING:
    from rawpy import RawPy

MIN_LIBRAW = (0, 22, 1)
"""The first LibRaw with the fixes for heap overflows by hostile files (lossless JPEG, X3F, DNG) of 2026."""
MAX_FILE_BYTES = 2**31
"""Larger files are refused: LibRaw gives up at 2 GiB of pixels too."""
HEAD_BYTES = 16


Decoder = Callable[[Path, RawHints], RawImage]
"""Reads a file that a foreign decoder is needed for: a camera's (LibRaw), or a PNG (Pillow). The hints are merged."""


def read_raw(path: str | Path, hints: RawHints = NO_HINTS) -> RawImage:
    """Read a RAW file. Hints win over the sidecar (photo.raw.toml, photo.toml), which wins over the file.

    Raises a RawError that begins with the file's name; MissingExtraError if rawpy is needed and missing.
    """
    path = Path(path)
    try:
        head = _read_head(path)
        merged = override(read_sidecar(path), hints)
        if is_headerless(path, head) and not head.startswith(PNG_SIGNATURE):
            return read_headerless(path, head, merged)
        return _decoder.get()(path, merged)
    except RawError as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        raise RawFormatError(f"{path}: the file can't be read ({error.strerror or error}).") from error


def decode_here(path: Path, hints: RawHints) -> RawImage:
    """Decode a camera's file or a PNG in this process. Raises a RawError or MissingExtraError."""
    head = _read_head(path)
    if is_headerless(path, head):
        return read_headerless(path, head, hints)
    return _read_camera_file(path, head, hints)


_decoder: ContextVar[Decoder] = ContextVar("decoder", default=decode_here)


@contextmanager
def decoding_by(decoder: Decoder) -> Iterator[None]:
    """Within, `read_raw` decodes by another function: one that does it in a process of its own, say.

    Holds for this thread, as `numpy.errstate` does.
    """
    token = _decoder.set(decoder)
    try:
        yield
    finally:
        _decoder.reset(token)


def _read_head(path: Path) -> bytes:
    """The first bytes of a file that is there and has a plausible length."""
    if not path.exists():
        raise RawFormatError("There is no such file.")
    if not path.is_file():
        raise RawFormatError("This is a folder or a device, not a file. Give the RAW files in it.")
    length = path.stat().st_size
    if not 0 < length <= MAX_FILE_BYTES:
        raise RawFormatError(f"The file has {length} bytes; 1 to {MAX_FILE_BYTES} are read. Copy it again.")
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _read_camera_file(path: Path, head: bytes, hints: RawHints) -> RawImage:
    _refuse_plain_hints(hints)
    _check_rawpy()
    with path.open("rb") as file, _libraw_errors():
        names = read_tiff_names(file)
        file.seek(0)
        with _open(file) as raw:
            facts = _read_facts(raw, head, names, hints.matrix)
    return to_image(facts, hints)


def _refuse_plain_hints(hints: RawHints) -> None:
    for key in ("size", "bits", "byte_order"):
        if getattr(hints, key) is not None:
            raise RawFormatError(f"{key} is for mosaics without a header; this file is a camera's. Leave {key} out.")


def _check_rawpy() -> None:
    try:
        import rawpy  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("rawpy", "raw", error) from error
    check_libraw(rawpy.libraw_version)


def check_libraw(found: tuple[int, int, int]) -> None:
    """Refuse a LibRaw with known holes. Raises MissingExtraError that names the pip command."""
    if found < MIN_LIBRAW:
        raise MissingExtraError(
            f"rawpy brings LibRaw {'.'.join(map(str, found))}, in which a hostile RAW file can overrun memory; "
            f"LibRaw {'.'.join(map(str, MIN_LIBRAW))} or later is needed. Run: pip install --upgrade 'rawpy>=0.27'"
        )


def _open(file: BinaryIO) -> "RawPy":
    """Open by content, so that no path's encoding matters and LibRaw looks at no neighbouring file."""
    import rawpy  # noqa: PLC0415

    raw = rawpy.imread(file)
    width, height = raw.sizes.raw_width, raw.sizes.raw_height
    # Before unpack(), which takes the memory.
    if width * height > MAX_PIXELS:
        raw.close()
        raise RawFormatError(f"The file declares {width}x{height} px; at most {MAX_PIXELS // 1_000_000} Mpx are read.")
    raw.unpack()
    return raw


@contextmanager
def _libraw_errors() -> Iterator[None]:
    """Turn what rawpy raises into RawFormatError or UnsupportedSensorError."""
    import rawpy  # noqa: PLC0415

    try:
        yield
    except rawpy.LibRawFileUnsupportedError as error:
        raise RawFormatError("This isn't a RAW file that LibRaw knows, or it's truncated. Copy it again.") from error
    except (rawpy.LibRawIOError, rawpy.LibRawDataError) as error:
        raise RawFormatError(
            "The file is truncated or damaged: LibRaw can't read all samples. Copy it again."
        ) from error
    except (rawpy.LibRawTooBigError, rawpy.LibRawUnsufficientMemoryError, MemoryError) as error:
        raise RawFormatError("The file declares more samples than there is memory for; it may be damaged.") from error
    except rawpy.LibRawError as error:
        raise RawFormatError(f"LibRaw can't read the file ({_message(error)}). Copy it again.") from error
    except NotImplementedError as error:
        raise UnsupportedSensorError(f"rawpy doesn't know the sensor's filter pattern ({error}).") from error


def _message(error: Exception) -> str:
    # rawpy passes LibRaw's text on as bytes.
    text = error.args[0] if error.args else ""
    return text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)


def _read_facts(raw: "RawPy", head: bytes, names: TiffNames, matrix: Matrix3 | None) -> FileFacts:
    """What LibRaw found. matrix: the user's, who has it because the file's can't be used, perhaps."""
    pattern, sizes = raw.raw_pattern, raw.sizes
    if pattern is None:
        raise full_color_error(head, names.is_dng)
    letters = raw.color_desc.decode("ascii", "replace")
    cell = bayer_cell(pattern, letters, sizes.top_margin, sizes.left_margin)
    black = site_values(raw.black_level_per_channel, cell.colors)
    return FileFacts(
        mosaic=np.array(raw.raw_image_visible, np.uint16),
        cfa=cell.cfa,
        black=black,
        white=white_level(raw.white_level, raw.camera_white_level_per_channel, black),
        balance=FileBalance(_gains(raw.camera_whitebalance), _gains(raw.daylight_whitebalance)),
        camera_to_srgb=matrix or camera_matrix(raw.color_matrix, raw.rgb_xyz_matrix),
        orientation=exif_orientation(sizes.flip),
        info=replace(_read_capture(raw), make=names.make, model=names.model),
        notes=_aspect_notes(sizes.pixel_aspect),
    )


def _gains(by_color: list[float]) -> Gains:
    # The fourth value is the second green's: 0 or the same.
    return by_color[0], by_color[1], by_color[2]


def _read_capture(raw: "RawPy") -> CaptureInfo:
    try:
        other = raw.other
    except (ValueError, OverflowError, OSError):
        # A damaged date, beyond what datetime holds.
        return CaptureInfo()
    taken_at = None if other.timestamp == datetime.fromtimestamp(0) else other.timestamp
    return capture_info(other.iso_speed, other.shutter_speed, other.aperture, other.focal_length, taken_at)


def _aspect_notes(pixel_aspect: float) -> tuple[str, ...]:
    if pixel_aspect == 1:
        return ()
    return (f"The sensor's pixels aren't square (aspect {pixel_aspect:.3g}); the picture isn't stretched.",)
