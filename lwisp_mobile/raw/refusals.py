"""Why a file can't be developed, and what helps: the true reason, told from its first bytes and its directories."""

from lwisp_mobile.errors import RawError, RawFormatError, UnsupportedSensorError
from lwisp_mobile.raw.capture import read_capture
from lwisp_mobile.raw.dng_tags import CFA, COMPRESSION, LINEAR_RAW, PHOTOMETRIC, is_dng
from lwisp_mobile.raw.tiff_tags import SUB_DIRECTORIES, Directory, Tiff

HEAD_BYTES = 32

_OTHERS = "lwisp develops 2x2 Bayer mosaics (RGGB and its turns); RawTherapee and darktable develop this file."
# First bytes; for files of boxes (ISO 14496-12), the brand after "ftyp".
_SIGNATURES = {
    b"\xff\xd8\xff": "a JPEG",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"%PDF": "a PDF",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
}
_BRANDS = {
    b"heic": "a HEIC",
    b"heix": "a HEIC",
    b"mif1": "a HEIC",
    b"msf1": "a HEIC",
    b"avif": "an AVIF",
    b"isom": "a movie",
    b"mp42": "a movie",
    b"qt  ": "a movie",
}
_COMPRESSIONS = {
    9: "The file is a GoPro GPR: its samples are VC-5 compressed, which LibRaw can't read. Convert it to DNG with "
    "Adobe DNG Converter, or with gpr_tools, which GoPro publishes.",
    52546: "The DNG's samples are JPEG XL compressed, which LibRaw can't read. Save it again without lossy or JPEG XL "
    "compression, for example with Adobe DNG Converter set to compatibility with Camera Raw 7.1.",
}


def explain_unreadable(head: bytes, tiff: Tiff | None) -> RawError | None:
    """The reason for a file that LibRaw doesn't read; None if it isn't known, as for a truncated one.

    head: its first HEAD_BYTES bytes.
    """
    picture = _picture_kind(head)
    if picture is not None:
        return RawFormatError(
            f"This is {picture}, not a RAW file: a picture that is developed already. Give the camera's RAW file."
        )
    if tiff is None:
        return None
    for directory in tiff.images:
        reason = _COMPRESSIONS.get(_whole_number(directory, COMPRESSION))
        if reason is not None:
            return UnsupportedSensorError(reason)
    return _plain_tiff(head, tiff)


def explain_full_color(head: bytes, tiff: Tiff | None) -> UnsupportedSensorError:
    """The error for a file with several values at every pixel that isn't a linear DNG, saying which kind it is."""
    info = read_capture(tiff)
    if head.startswith(b"FOVb"):
        kind = "The sensor is a Foveon: it has three layers instead of colour filters."
    elif is_dng(tiff):
        kind = "The DNG has other than one or three values at every pixel."
    elif tiff is not None and _is_scan(tiff):
        return UnsupportedSensorError(
            f"The file comes from a film scanner ({info.model}): it has R, G and B at every pixel. "
            "Adobe DNG Converter makes a linear DNG of it, which lwisp develops."
        )
    else:
        kind = "It's a reduced-size RAW (sRAW or mRAW): the camera has already demosaiced it."
    return UnsupportedSensorError(f"{kind} {_OTHERS}")


def explain_pattern(shape: tuple[int, ...]) -> UnsupportedSensorError:
    """The error for filters that don't repeat in a 2x2 cell. shape: rows and columns of what repeats."""
    return UnsupportedSensorError(f"{_PATTERNS.get(shape, _OTHER_PATTERN)} {_OTHERS}")


def explain_filters(cell: str) -> UnsupportedSensorError:
    """The error for a 2x2 cell of other filters. cell: a letter each, row by row."""
    return UnsupportedSensorError(f"The sensor's filters are {cell} in a 2x2 cell, not Bayer. {_OTHERS}")


_OTHER_PATTERN = "The sensor's filter pattern isn't Bayer's (a quad or rotated pattern, for example)."
_PATTERNS: dict[tuple[int, ...], str] = {
    (1, 1): "The sensor is monochrome: it has no colour filters.",
    (6, 6): "The sensor has Fujifilm's X-Trans filter, a 6x6 pattern.",
    (16, 16): "The sensor has a 16x16 filter pattern (a Leaf back).",
}


def _picture_kind(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "a WebP"
    return next((kind for signature, kind in _SIGNATURES.items() if head.startswith(signature)), None)


def _plain_tiff(head: bytes, tiff: Tiff) -> RawFormatError | None:
    """The error for a TIFF that is a picture. RAW files have a mosaic, further directories, or a mark in their head."""
    is_raw = is_dng(tiff) or head[8:10] == b"CR" or SUB_DIRECTORIES in tiff.main or head[:4] not in (b"II*\0", b"MM\0*")
    kinds = {_whole_number(directory, PHOTOMETRIC) for directory in tiff.images}
    if is_raw or kinds & {CFA, LINEAR_RAW} or not kinds & set(range(10)):
        return None
    return RawFormatError(
        "This is a TIFF picture, developed already or scanned, not a RAW file. Give the camera's RAW."
    )


def _is_scan(tiff: Tiff) -> bool:
    # Nikon's scanners write NEF files whose main picture is RGB (photometric interpretation 2).
    kinds = {_whole_number(directory, PHOTOMETRIC) for directory in tiff.images}
    name = (read_capture(tiff).model or "").upper()
    return not kinds & {CFA, LINEAR_RAW} and 2 in kinds and ("COOLSCAN" in name or "LS-" in name or "SCAN" in name)


def _whole_number(directory: Directory, tag: int) -> int:
    """A tag's number; -1 where there's none that can be read."""
    try:
        value = directory.number(tag)
    except RawFormatError:
        return -1
    return -1 if value is None else int(value)
