"""Opcode lists of a DNG (tags 51008, 51009, 51022): what is to be corrected, and in which order.

Source: DNG specification 1.7.1, chapter 7. List 1 works on sensor values as read and in coordinates of the whole
sensor; list 2 on linear light and list 3 on linear RGB, both in coordinates of the active area.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.corrections import MAX_GAIN, BadPixels, GainMap, VignetteRadial, WarpRectilinear
from lwisp_mobile.raw.image import FileFact

LIST_TAGS = {1: 51008, 2: 51009, 3: 51022}
MAX_OPCODES = 256
MAX_POINTS = 1 << 20
"""Points of all gain maps together, and bad pixels together."""

_OPTIONAL = 1
_HEAD = struct.Struct(">I4sII")
_MAP_HEAD = struct.Struct(">10I4dI")
_NAMES = {
    1: "WarpRectilinear",
    2: "WarpFisheye",
    3: "FixVignetteRadial",
    4: "FixBadPixelsConstant",
    5: "FixBadPixelsList",
    6: "TrimBounds",
    7: "MapTable",
    8: "MapPolynomial",
    9: "GainMap",
    10: "DeltaPerRow",
    11: "DeltaPerColumn",
    12: "ScalePerRow",
    13: "ScalePerColumn",
    14: "WarpRectilinear2",
}

Correction = GainMap | VignetteRadial | BadPixels | WarpRectilinear


@dataclass(frozen=True)
class Frame:
    """Where the mosaic lies on the sensor, and what it is made of."""

    sensor_height: int
    sensor_width: int
    top: int
    left: int
    height: int
    width: int
    cfa: str
    """Filter order at the mosaic's top left."""
    is_linear: bool = False
    """Whether the file has R, G and B at every pixel, of which the mosaic is a sample."""


@dataclass(frozen=True)
class Opcodes:
    """What the three lists ask for, in their order."""

    corrections: tuple[Correction, ...] = ()
    facts: tuple[FileFact, ...] = ()


@dataclass(frozen=True)
class _Opcode:
    number: int
    is_optional: bool
    parameters: bytes
    stage: int
    """Number of its list."""

    @property
    def name(self) -> str:
        return _NAMES.get(self.number, f"Opcode {self.number}")


def read_opcodes(lists: dict[int, bytes], frame: Frame) -> Opcodes:
    """Read the opcode lists by their number, 1 to 3.

    Raises RawFormatError on a broken list, on gains out of bounds, and on an opcode that can't be honoured and isn't
    marked optional. Optional ones that can't be honoured are among the facts.
    """
    corrections: list[Correction] = []
    facts = []
    for stage, content in sorted(lists.items()):
        for opcode in _split(content, stage):
            found = _interpret(opcode, frame)
            corrections += found
            facts.append(_fact(opcode, found))
    _check_total(corrections)
    return Opcodes(tuple(corrections), tuple(facts))


def _split(content: bytes, stage: int) -> list[_Opcode]:
    where = f"OpcodeList{stage}"
    if len(content) < 4:
        raise _broken(where, f"{len(content)} bytes, too few for a count")
    (count,) = struct.unpack_from(">I", content)
    if count > MAX_OPCODES:
        raise _broken(where, f"{count} opcodes; at most {MAX_OPCODES} are read")
    opcodes, start = [], 4
    for index in range(count):
        if start + _HEAD.size > len(content):
            raise _broken(where, f"{count} opcodes, but ends within the head of number {index + 1}")
        number, _, flags, size = _HEAD.unpack_from(content, start)
        start += _HEAD.size
        if size > len(content) - start:
            raise _broken(where, f"an opcode {number} of {size} bytes where {len(content) - start} are left")
        opcodes.append(_Opcode(number, bool(flags & _OPTIONAL), content[start : start + size], stage))
        start += size
    return opcodes


def _broken(where: str, found: str) -> RawFormatError:
    return RawFormatError(f"{where} has {found}. The file may be damaged; convert it to DNG again.")


def _interpret(opcode: _Opcode, frame: Frame) -> tuple[Correction, ...]:
    """The corrections of one opcode; none if it can't be honoured and is optional."""
    reader = _readers(frame).get((opcode.number, opcode.stage))
    found = None if reader is None else reader(opcode)
    if found is None and not opcode.is_optional:
        raise RawFormatError(
            f"OpcodeList{opcode.stage} asks for {opcode.name}, which isn't supported there and isn't marked optional. "
            "Convert the file with Adobe DNG Converter, or use another RAW converter."
        )
    return found or ()


_Reader = Callable[[_Opcode], tuple[Correction, ...] | None]


def _readers(frame: Frame) -> dict[tuple[int, int], _Reader]:
    """How each opcode is read, by its number and list. A reader gives None if this one can't be honoured."""
    readers: dict[tuple[int, int], _Reader] = {
        (3, 2): _read_vignette,
        (3, 3): _read_vignette,
        (1, 3): _read_warp,
        (9, 2): lambda opcode: _read_gain_map(opcode, frame, in_colors=frame.is_linear),
        (9, 3): lambda opcode: _read_gain_map(opcode, frame, in_colors=True),
    }
    if not frame.is_linear:  # the specification restricts both to one value per pixel
        readers[4, 1] = _read_bad_constant
        readers[5, 1] = lambda opcode: _read_bad_list(opcode, frame)
    return readers


def _fact(opcode: _Opcode, found: tuple[Correction, ...]) -> FileFact:
    if found:
        return FileFact(opcode.name, f"in OpcodeList{opcode.stage}: {_summary(found[0])}", "honoured")
    return FileFact(opcode.name, f"in OpcodeList{opcode.stage}, marked optional", "not honoured")


def _summary(correction: Correction) -> str:
    match correction:
        case GainMap():
            rows, columns, _ = correction.gains.shape
            low, high = float(correction.gains.min()), float(correction.gains.max())
            return f"{rows}x{columns} points, gains {low:.4g} to {high:.4g}"
        case VignetteRadial():
            return f"gain {1 + sum(correction.coefficients):.4g} in the farthest corner"
        case BadPixels():
            listed = f"{len(correction.points)} pixels and {len(correction.rectangles)} rectangles"
            return listed if correction.constant is None else f"every pixel of value {correction.constant}"
        case WarpRectilinear():
            return f"{len(correction.coefficients)} plane(s), centre ({correction.center_x:g}, {correction.center_y:g})"


def _unpack(opcode: _Opcode, layout: str) -> tuple[float, ...]:
    """All of the parameters by a layout of `struct`, which must fit exactly."""
    needed = struct.calcsize(layout)
    if len(opcode.parameters) != needed:
        raise _broken(f"{opcode.name} in OpcodeList{opcode.stage}", f"{len(opcode.parameters)} bytes; {needed} fit")
    return struct.unpack(layout, opcode.parameters)


def _read_vignette(opcode: _Opcode) -> tuple[Correction, ...]:
    k0, k1, k2, k3, k4, center_x, center_y = _unpack(opcode, ">7d")
    return (VignetteRadial((k0, k1, k2, k3, k4), center_x, center_y),)


def _read_warp(opcode: _Opcode) -> tuple[Correction, ...]:
    planes = struct.unpack_from(">I", opcode.parameters.ljust(4, b"\0"))[0]
    if planes not in (1, 3):
        raise _broken("WarpRectilinear", f"{planes} planes; 1 or 3 are read")
    _, *values = _unpack(opcode, f">I{6 * planes + 2}d")
    rows = [(v[0], v[1], v[2], v[3], v[4], v[5]) for v in (values[6 * n : 6 * n + 6] for n in range(planes))]
    return (WarpRectilinear(tuple(rows), values[-2], values[-1]),)


def _read_bad_constant(opcode: _Opcode) -> tuple[Correction, ...]:
    constant, _ = _unpack(opcode, ">2I")
    return (BadPixels(constant=int(constant)),)


def _read_bad_list(opcode: _Opcode, frame: Frame) -> tuple[Correction, ...]:
    if len(opcode.parameters) < 12:
        raise _broken("FixBadPixelsList", f"{len(opcode.parameters)} bytes; at least 12 are needed")
    _, points, rectangles = struct.unpack_from(">3I", opcode.parameters)
    if max(points, rectangles) > MAX_POINTS or len(opcode.parameters) != 12 + 8 * points + 16 * rectangles:
        raise _broken(
            "FixBadPixelsList", f"{points} pixels and {rectangles} rectangles in {len(opcode.parameters)} bytes"
        )
    numbers = np.frombuffer(opcode.parameters, ">u4", offset=12).astype(np.int64)
    found = numbers[: 2 * points].reshape(-1, 2), numbers[2 * points :].reshape(-1, 4)
    return (BadPixels(None, _points_on(found[0], frame), _rectangles_on(found[1], frame)),)


def _points_on(points: NDArray[np.int64], frame: Frame) -> NDArray[np.int32]:
    """Points of the sensor, (n, 2), as those of the mosaic; points of the masked border are left out."""
    if np.any(points >= (frame.sensor_height, frame.sensor_width)):
        raise _broken("FixBadPixelsList", f"pixels beyond {frame.sensor_width}x{frame.sensor_height} px")
    moved = points - (frame.top, frame.left)
    inside = np.all((moved >= 0) & (moved < (frame.height, frame.width)), axis=1)
    return moved[inside].astype(np.int32)


def _rectangles_on(rectangles: NDArray[np.int64], frame: Frame) -> NDArray[np.int32]:
    """Rectangles of the sensor, (n, 4), as those of the mosaic; what lies on the masked border is cut off."""
    starts, stops = rectangles[:, :2], rectangles[:, 2:]
    if np.any(stops > (frame.sensor_height, frame.sensor_width)) or np.any(starts >= stops):
        raise _broken("FixBadPixelsList", "a rectangle that is empty or beyond the sensor")
    size, corner = (frame.height, frame.width), (frame.top, frame.left)
    moved = np.concatenate([np.clip(part - corner, 0, size) for part in (starts, stops)], axis=1)
    return moved[np.all(moved[:, :2] < moved[:, 2:], axis=1)].astype(np.int32)


def _read_gain_map(opcode: _Opcode, frame: Frame, *, in_colors: bool) -> tuple[Correction, ...] | None:
    """One map per set of sites with gains of their own. in_colors: its planes are R, G and B, not the mosaic."""
    head, size = opcode.parameters[: _MAP_HEAD.size], len(opcode.parameters)
    if len(head) < _MAP_HEAD.size:
        raise _broken("GainMap", f"{size} bytes; at least {_MAP_HEAD.size} are needed")
    top, left, bottom, right, plane, planes, row_pitch, col_pitch, rows, columns, *rest = _MAP_HEAD.unpack(head)
    row_spacing, col_spacing, row_origin, col_origin, map_planes = rest
    if size - _MAP_HEAD.size != 4 * rows * columns * map_planes or not rows * columns * map_planes:
        raise _broken("GainMap", f"{rows}x{columns}x{map_planes} points in {size} bytes")
    if not (top < bottom and left < right and top < frame.height and left < frame.width):
        raise _broken("GainMap", f"the area {top}, {left}, {bottom}, {right}, which holds none of the picture")
    gains = np.frombuffer(opcode.parameters, ">f4", offset=_MAP_HEAD.size).reshape(rows, columns, map_planes)
    # A single point has no neighbour to lie between.
    row_spacing, row_origin = (1.0, 0.0) if rows == 1 else (row_spacing, row_origin)
    col_spacing, col_origin = (1.0, 0.0) if columns == 1 else (col_spacing, col_origin)
    bottom, right = min(bottom, frame.height), min(right, frame.width)
    placing = row_origin, col_origin, row_spacing, col_spacing
    whole = GainMap(top, left, bottom, right, row_pitch, col_pitch, *placing, gains.astype(np.float32))
    last = 3 if in_colors else 1
    if planes < 1 or plane >= last:
        raise _broken("GainMap", f"the planes {plane} to {plane + planes - 1}; there are {last}")
    return _by_color(whole, range(plane, min(plane + planes, last)), frame.cfa) if in_colors else (_plane(whole, 0),)


def _plane(whole: GainMap, index: int) -> GainMap:
    """A map of one plane; where a map has fewer planes than the picture, its last one stands for the rest."""
    chosen = min(index, whole.gains.shape[2] - 1)
    return replace(whole, gains=np.ascontiguousarray(whole.gains[:, :, chosen : chosen + 1]))


def _by_color(whole: GainMap, colors: Sequence[int], cfa: str) -> tuple[GainMap, ...] | None:
    """A map of R, G and B as maps of the mosaic's sites; None if it leaves rows or columns out."""
    if (whole.row_pitch, whole.col_pitch) != (1, 1):
        return None
    if len(colors) == 3 and whole.gains.shape[2] == 1:
        return (whole,)
    maps = []
    for site, letter in enumerate(cfa):
        color = "RGB".index(letter)
        if color in colors:
            one = _plane(whole, color)
            top, left = whole.top + (site // 2 - whole.top) % 2, whole.left + (site % 2 - whole.left) % 2
            if top < whole.bottom and left < whole.right:
                maps.append(replace(one, top=top, left=left, row_pitch=2, col_pitch=2))
    return tuple(maps)


def _check_total(corrections: Sequence[Correction]) -> None:
    """Refuse maps that are small each and large together. Raises RawFormatError."""
    maps = [each for each in corrections if isinstance(each, GainMap)]
    bad = [each for each in corrections if isinstance(each, BadPixels)]
    points = sum(each.gains.size for each in maps)
    pixels = sum(len(each.points) + len(each.rectangles) for each in bad)
    if max(points, pixels) > MAX_POINTS:
        raise _broken("The opcode lists", f"{points} gains and {pixels} bad pixels; at most {MAX_POINTS} are read")
    for site in range(4):
        gain = float(np.prod([each.gains.max() for each in maps if _touches(each, site // 2, site % 2)]))
        if not gain <= MAX_GAIN:
            raise _broken(
                "The opcode lists", f"overlapping GainMaps with gains up to {gain:.3g}; {MAX_GAIN:g} is allowed"
            )


def _touches(one: GainMap, row: int, column: int) -> bool:
    """Whether a map can reach sites of this row and column of the 2x2 cell."""
    rows = one.row_pitch % 2 == 1 or one.top % 2 == row
    return rows and (one.col_pitch % 2 == 1 or one.left % 2 == column)
