"""DNG files written by tifffile, which knows nothing of this project: each tag with a known truth."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

CFA, LINEAR_RAW = 32803, 34892
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, DOUBLE = 1, 2, 3, 4, 5, 7, 10, 12
MATRIX = (0.9, -0.2, -0.1, -0.7, 1.4, 0.3, -0.2, 0.3, 0.8)

Tag = tuple[int, int, int, object, bool]


def tag(code: int, kind: int, *values: float | bytes | str) -> Tag:
    """A tag as tifffile takes it; rationals from numbers, to a millionth."""
    if kind in (RATIONAL, SRATIONAL):
        pairs = [part for value in values for part in (round(float(value) * 1_000_000), 1_000_000)]
        return code, kind, len(values), tuple(pairs), True
    if isinstance(values[0], bytes | str):
        return code, kind, len(values[0]) if kind != ASCII else 0, values[0], True
    return code, kind, len(values), values if len(values) > 1 else values[0], True


NEEDED = (
    tag(50706, BYTE, bytes((1, 4, 0, 0))),
    tag(50708, ASCII, "any"),
    tag(50721, SRATIONAL, *MATRIX),
    tag(50728, RATIONAL, 0.5, 1, 0.625),
)
BAYER = (tag(33421, SHORT, 2, 2), tag(33422, BYTE, bytes((0, 1, 1, 2))))


def write_dng(path: Path, samples: np.ndarray, *tags: Tag, photometric: int = CFA, **options: object) -> Path:
    """Write a DNG: (H, W) a mosaic, RGGB if no tag says otherwise; (H, W, 3) linear RGB. Later tags replace earlier."""
    chosen = {each[0]: each for each in (*NEEDED, *(BAYER if photometric == CFA else ()), *tags)}
    tifffile.imwrite(
        path,
        samples,
        photometric=photometric,
        planarconfig="contig" if samples.ndim == 3 else None,
        extratags=list(chosen.values()),
        metadata=None,
        **options,
    )
    return path


def replace_short(path: Path, code: int, value: int) -> Path:
    """Change a tag of one 16-bit number: to what tifffile doesn't write."""
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHI", code, SHORT, 1))
    content[at + 8 : at + 10] = struct.pack("<H", value)
    path.write_bytes(content)
    return path


def opcode_list(*opcodes: bytes) -> bytes:
    """The value of OpcodeList1, 2 or 3."""
    return struct.pack(">I", len(opcodes)) + b"".join(opcodes)


def opcode(number: int, parameters: bytes, *, optional: bool = False) -> bytes:
    """One opcode, asking for DNG 1.3."""
    return struct.pack(">I4BII", number, 1, 3, 0, 0, int(optional), len(parameters)) + parameters


def gain_map(
    gains: np.ndarray,
    area: Sequence[int],
    *,
    plane: tuple[int, int] = (0, 1),
    pitch: tuple[int, int] = (1, 1),
    spacing: tuple[float, float] | None = None,
    origin: tuple[float, float] = (0.0, 0.0),
    optional: bool = False,
) -> bytes:
    """A GainMap opcode. gains: (rows, columns, planes); spacing: None puts the points from edge to edge."""
    rows, columns, planes = gains.shape
    step = spacing or (1 / max(rows - 1, 1), 1 / max(columns - 1, 1))
    head = struct.pack(">10I4dI", *area, *plane, *pitch, rows, columns, *step, *origin, planes)
    return opcode(9, head + gains.astype(">f4").tobytes(), optional=optional)
