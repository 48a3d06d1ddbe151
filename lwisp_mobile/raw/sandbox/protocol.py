"""The answer of a decoding process: one line of JSON, then the arrays. Written there, checked here.

The arrays follow in this order: the mosaic, each gain map's gains, each list of bad pixels and of bad rectangles.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile import errors
from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import LwispError, SandboxError
from lwisp_mobile.raw.corrections import BadPixels, Crop, GainMap, NoiseProfile, VignetteRadial, WarpRectilinear
from lwisp_mobile.raw.dng_opcodes import MAX_OPCODES, MAX_POINTS
from lwisp_mobile.raw.hints import MAX_PIXELS, Sites
from lwisp_mobile.raw.image import CaptureInfo, FileFact, Gains, GpsPosition, RawImage
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

MAX_LINE_BYTES = 1 << 20
"""A DNG's facts are some ten thousand bytes."""
SAMPLE, GAIN, PLACE = np.dtype("<u2"), np.dtype("<f4"), np.dtype("<i4")


@dataclass(frozen=True)
class Failure:
    """Why there is no picture."""

    kind: Literal[
        "CfaError", "MissingExtraError", "RawFormatError", "SandboxError", "UnsupportedSensorError", "WhiteBalanceError"
    ]
    message: str


@dataclass(frozen=True)
class Shot:
    """`CaptureInfo` in JSON's types."""

    make: str | None
    model: str | None
    iso: float | None
    exposure_s: float | None
    f_number: float | None
    focal_length_mm: float | None
    taken_at: str | None
    """ISO 8601."""
    focal_length_35mm_mm: float | None
    exposure_compensation_ev: float | None
    lens: str | None
    gps: GpsPosition | None


@dataclass(frozen=True)
class Map:
    """`GainMap` without its gains."""

    shape: tuple[int, int, int]
    area: tuple[int, int, int, int]
    """Top, left, bottom, right."""
    pitch: tuple[int, int]
    origin: tuple[float, float]
    spacing: tuple[float, float]
    """Row first, as in the others."""
    planes: tuple[int, int]
    """First plane and number of planes."""


@dataclass(frozen=True)
class BadList:
    """`BadPixels` without its places."""

    constant: int | None
    points: int
    rectangles: int


@dataclass(frozen=True)
class Facts:
    """`RawImage` without its arrays."""

    height_px: int
    width_px: int
    cfa: str
    black_level: Sites
    white_level: float
    wb_gains: Gains
    camera_to_srgb: Matrix3 | None
    orientation: int
    info: Shot
    notes: tuple[str, ...]
    gain_maps: tuple[Map, ...]
    vignette: tuple[VignetteRadial, ...]
    bad_pixels: tuple[BadList, ...]
    warp: tuple[WarpRectilinear, ...]
    baseline_exposure_ev: float
    noise_profile: NoiseProfile | None
    crop: Crop | None
    facts: tuple[FileFact, ...]


@dataclass(frozen=True)
class Reply:
    """One of the two."""

    facts: Facts | None = None
    failure: Failure | None = None


def write_failure(stream: IO[bytes], error: LwispError) -> None:
    """Answer that there is no picture."""
    _write_line(stream, Reply(failure=Failure(type(error).__name__, str(error))))  # type: ignore[arg-type]


def write_raw(stream: IO[bytes], raw: RawImage) -> None:
    """Answer with a frame."""
    _write_line(stream, Reply(_facts(raw)))
    for array in _arrays(raw):
        stream.write(np.ascontiguousarray(array).data)


def _facts(raw: RawImage) -> Facts:
    return Facts(
        height_px=raw.height_px,
        width_px=raw.width_px,
        cfa=raw.cfa,
        black_level=raw.black_level,
        white_level=raw.white_level,
        wb_gains=raw.wb_gains,
        camera_to_srgb=raw.camera_to_srgb,
        orientation=raw.orientation,
        info=_shot(raw.info),
        notes=raw.notes,
        gain_maps=tuple(map(_map, raw.gain_maps)),
        vignette=raw.vignette,
        bad_pixels=tuple(BadList(each.constant, len(each.points), len(each.rectangles)) for each in raw.bad_pixels),
        warp=raw.warp,
        baseline_exposure_ev=raw.baseline_exposure_ev,
        noise_profile=raw.noise_profile,
        crop=raw.crop,
        facts=raw.facts,
    )


def _shot(info: CaptureInfo) -> Shot:
    taken_at = None if info.taken_at is None else info.taken_at.isoformat()
    return Shot(**{**vars(info), "taken_at": taken_at})


def _map(one: GainMap) -> Map:
    rows, columns, planes = one.gains.shape
    return Map(
        shape=(rows, columns, planes),
        area=(one.top, one.left, one.bottom, one.right),
        pitch=(one.row_pitch, one.col_pitch),
        origin=(one.row_origin, one.col_origin),
        spacing=(one.row_spacing, one.col_spacing),
        planes=(one.plane, one.planes),
    )


def _arrays(raw: RawImage) -> Iterator[NDArray[Any]]:
    yield raw.mosaic.astype(SAMPLE, copy=False)
    yield from (each.gains.astype(GAIN, copy=False) for each in raw.gain_maps)
    for each in raw.bad_pixels:
        yield each.points.astype(PLACE, copy=False)
        yield each.rectangles.astype(PLACE, copy=False)


def read_reply(stream: IO[bytes]) -> RawImage | None:
    """Read an answer; None if the stream ends before it is whole.

    Raises the error that the child met, SandboxError if the answer isn't one, and what RawImage refuses.
    """
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        return None
    reply = _parse(line)
    if reply.failure is not None:
        raise getattr(errors, reply.failure.kind)(_printable(reply.failure.message))
    try:
        return None if reply.facts is None else _read_raw(stream, reply.facts)
    except EOFError:
        return None


def _parse(line: bytes) -> Reply:
    try:
        return from_dict(Reply, json.loads(line), "The decoder's answer", SandboxError)
    except (ValueError, RecursionError) as error:
        raise SandboxError(f"The decoder's answer isn't JSON ({error}).") from error


def _read_raw(stream: IO[bytes], facts: Facts) -> RawImage:
    """Raises EOFError if the stream ends before the arrays do."""
    height, width = facts.height_px, facts.width_px
    if min(height, width) < 2 or height * width > MAX_PIXELS:
        raise SandboxError(f"The decoder's answer declares {width}x{height} px; at most {MAX_PIXELS} px are read.")
    _check_counts(facts)
    mosaic = _read_array(stream, (height, width), SAMPLE)
    return RawImage(
        mosaic=mosaic.astype(np.uint16, copy=False),
        cfa=facts.cfa,
        black_level=facts.black_level,
        white_level=facts.white_level,
        wb_gains=facts.wb_gains,
        camera_to_srgb=facts.camera_to_srgb,
        orientation=facts.orientation,
        info=_capture(facts.info),
        notes=tuple(_printable(note) for note in facts.notes),
        gain_maps=tuple(_read_map(stream, each) for each in facts.gain_maps),
        vignette=facts.vignette,
        bad_pixels=tuple(_read_bad(stream, each) for each in facts.bad_pixels),
        warp=facts.warp,
        baseline_exposure_ev=facts.baseline_exposure_ev,
        noise_profile=facts.noise_profile,
        crop=facts.crop,
        facts=tuple(FileFact(_printable(each.name), _printable(each.value), each.use) for each in facts.facts),
    )


def _check_counts(facts: Facts) -> None:
    """Refuse counts that no list of opcodes leads to, before memory is taken."""
    # A map of three colours becomes one for each of the four sites.
    lists = (facts.gain_maps, facts.vignette, facts.bad_pixels, facts.warp)
    counts = [count for one in facts.gain_maps for count in one.shape]
    counts += [count for one in facts.bad_pixels for count in (one.points, one.rectangles)]
    gains = sum(one.shape[0] * one.shape[1] * one.shape[2] for one in facts.gain_maps)
    places = sum(one.points + one.rectangles for one in facts.bad_pixels)
    if max(map(len, lists)) > 4 * MAX_OPCODES or min(counts, default=0) < 0 or max(gains, places) > MAX_POINTS:
        raise SandboxError(f"The decoder's answer declares {gains} gains and {places} bad pixels; that isn't possible.")


def _read_map(stream: IO[bytes], one: Map) -> GainMap:
    return GainMap(
        *one.area,
        *one.pitch,
        *one.origin,
        *one.spacing,
        _read_array(stream, one.shape, GAIN).astype(np.float32, copy=False),
        *one.planes,
    )


def _read_bad(stream: IO[bytes], one: BadList) -> BadPixels:
    points, rectangles = (
        _read_array(stream, shape, PLACE).astype(np.int32, copy=False)
        for shape in ((one.points, 2), (one.rectangles, 4))
    )
    return BadPixels(one.constant, points, rectangles)


def _capture(shot: Shot) -> CaptureInfo:
    try:
        taken_at = None if shot.taken_at is None else datetime.fromisoformat(shot.taken_at)
    except ValueError as error:
        raise SandboxError(f"The decoder's answer has no date in {shot.taken_at!r}.") from error
    texts = {"make": _name(shot.make), "model": _name(shot.model), "lens": _name(shot.lens)}
    return CaptureInfo(**{**vars(shot), **texts, "taken_at": taken_at})


def _read_array(stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Read an array. Raises EOFError if the stream ends before."""
    array = np.empty(shape, dtype)
    if array.size and not _fill(stream, array.view(np.uint8).data.cast("B")):
        raise EOFError
    return array


def _fill(stream: IO[bytes], view: memoryview) -> bool:
    """Fill a view from a stream; False if the stream ends before."""
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            return False
        done += count
    return True


def _write_line(stream: IO[bytes], reply: Reply) -> None:
    stream.write(to_json(reply, indent=None).encode() + b"\n")


def _name(text: str | None) -> str | None:
    return None if text is None else _printable(text)


def _printable(text: str) -> str:
    # What a hostile file made the child say must not send control characters to a terminal.
    return "".join(letter for letter in text if letter.isprintable())
