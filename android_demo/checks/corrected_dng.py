"""DNGs that ask for every correction the app can do, for a comparison with the Python runtime."""

import struct
from pathlib import Path

import numpy as np
import tifffile

HEIGHT_PX, WIDTH_PX = 150, 212
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SRATIONAL, _DOUBLE = 1, 3, 4, 5, 7, 10, 12
_CFA, _LINEAR_RAW = 32803, 34892
_FIRST_LIGHT = (0.95, -0.3, -0.1, -0.4, 1.25, 0.15, -0.05, 0.2, 0.65)
_SECOND_LIGHT = (0.8, -0.2, -0.08, -0.45, 1.3, 0.16, -0.1, 0.25, 0.55)
_FORWARD = (0.6, 0.25, 0.11, 0.2, 0.75, 0.05, 0.02, 0.1, 0.7)


def write_corrected(path: Path) -> None:
    """Write a mosaic: odd active area and crop, maps by site and colour, bad pixels, exposure, noise, distortion."""
    rng = np.random.default_rng(9)
    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    picture = 500 + 300 * np.sin(across / 17) * np.cos(down / 11) + rng.normal(0, 8, (HEIGHT_PX, WIDTH_PX))
    tifffile.imwrite(
        path,
        np.clip(picture, 0, 1023).astype(np.uint16),
        photometric=_CFA,
        extratags=_tags(rng),
        metadata=None,
        software=False,
    )


def write_linear(path: Path) -> None:
    """Write linear R, G, B: black by colour, an odd active area, a map of colours."""
    rng = np.random.default_rng(10)
    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    grey = 500 + 300 * np.sin(across / 17) * np.cos(down / 11)
    rgb = grey[..., None] * (0.5, 1.0, 0.7) + rng.normal(0, 8, (HEIGHT_PX, WIDTH_PX, 3))
    changed = {
        50713: (50713, _SHORT, 2, (1, 1), True),
        50714: _rationals(50714, _RATIONAL, (60, 64.5, 70)),
        **{tag: (tag, _UNDEFINED, len(content), content, True) for tag, content in _lists(_linear_lists(rng))},
    }
    left_out = {33421, 33422, 50715, 51008, 51022}
    tags = [changed.get(tag[0], tag) for tag in _tags(rng) if tag[0] not in left_out]
    picture = np.clip(rgb, 0, 1023).astype(np.uint16)
    tifffile.imwrite(path, picture, photometric=_LINEAR_RAW, extratags=tags, metadata=None, software=False)


def _linear_lists(rng: np.random.Generator) -> dict[int, list[bytes]]:
    return {51009: [_map(rng, (0, 0), (1, 1), (0, 3), (2, 5, 3))]}


def _tags(rng: np.random.Generator) -> list[tuple[int, int, int, object, bool]]:
    colors = _map(rng, (0, 0), (1, 1), (0, 3), (2, 5, 3))
    lists = {51008: _bad_pixels(), 51009: _shading(rng), 51022: [colors, *_distortion()]}
    return [
        (50706, _BYTE, 4, bytes((1, 4, 0, 0)), True),
        (33421, _SHORT, 2, (2, 2), True),
        (33422, _BYTE, 4, bytes((2, 1, 1, 0)), True),
        (50713, _SHORT, 2, (2, 2), True),
        _rationals(50714, _RATIONAL, (64.75, 64.25, 64.5, 65)),
        _rationals(50715, _SRATIONAL, (0.25, -0.5) * ((WIDTH_PX - 8) // 2)),
        (50717, _LONG, 1, 1023, True),
        (50829, _LONG, 4, (3, 5, HEIGHT_PX, WIDTH_PX - 4), True),
        (50719, _LONG, 2, (5, 3), True),
        (50720, _LONG, 2, (191, 140), True),
        _rationals(50721, _SRATIONAL, _FIRST_LIGHT),
        _rationals(50722, _SRATIONAL, _SECOND_LIGHT),
        _rationals(50965, _SRATIONAL, _FORWARD),
        (50778, _SHORT, 1, 17, True),
        (50779, _SHORT, 1, 21, True),
        _rationals(50729, _RATIONAL, (0.36, 0.37)),
        _rationals(50727, _RATIONAL, (1.1, 1, 0.9)),
        _rationals(50730, _SRATIONAL, (0.35,)),
        (51041, _DOUBLE, 6, (2e-4, 2e-6, 1.5e-4, 1e-6, 3e-4, 4e-6), True),
        *((tag, _UNDEFINED, len(content), content, True) for tag, content in _lists(lists)),
    ]


def _rationals(tag: int, kind: int, values: tuple[float, ...]) -> tuple[int, int, int, object, bool]:
    return tag, kind, len(values), tuple(part for value in values for part in (round(value * 10_000), 10_000)), True


def _lists(lists: dict[int, list[bytes]]) -> list[tuple[int, bytes]]:
    return [(tag, struct.pack(">I", len(opcodes)) + b"".join(opcodes)) for tag, opcodes in lists.items()]


def _opcode(number: int, parameters: bytes) -> bytes:
    return struct.pack(">I4BII", number, 1, 3, 0, 0, 0, len(parameters)) + parameters


def _bad_pixels() -> list[bytes]:
    listed = struct.pack(">3I4I4I", 0, 2, 1, 20, 30, 0, 0, 40, 50, 60, 51)
    return [_opcode(4, struct.pack(">2I", 700, 0)), _opcode(5, listed)]


def _distortion() -> list[bytes]:
    """One correction for all colours, then one for each."""
    center = (0.48, 0.53)
    by_color = ((1, 1e-3, 0, 0, 0, 0), (1, 0, 0, 0, 0, 0), (1, -1e-3, 2e-4, 0, 0, 1e-4))
    return [
        _opcode(1, struct.pack(">I8d", 1, 0.98, 0.03, -0.01, 0.002, 1e-3, -2e-3, *center)),
        _opcode(1, struct.pack(">I20d", 3, *(value for row in by_color for value in row), *center)),
    ]


def _shading(rng: np.random.Generator) -> list[bytes]:
    sites = [_map(rng, (site // 2, site % 2), (2, 2), (0, 1), (3, 4, 1)) for site in range(4)]
    return [*sites, _opcode(3, struct.pack(">7d", 0.3, -0.1, 0.05, 0.02, -0.01, 0.45, 0.55))]


def _map(
    rng: np.random.Generator,
    start: tuple[int, int],
    pitch: tuple[int, int],
    plane: tuple[int, int],
    points: tuple[int, ...],
) -> bytes:
    rows, columns, planes = points
    area, step = (*start, HEIGHT_PX, WIDTH_PX), (1 / (rows - 1), 1 / (columns - 1))
    head = struct.pack(">10I4dI", *area, *plane, *pitch, rows, columns, *step, 0.0, 0.0, planes)
    return _opcode(9, head + rng.uniform(1, 2, points).astype(">f4").tobytes())
