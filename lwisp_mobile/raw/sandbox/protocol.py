"""The answer of a decoding process: one line of JSON, then the mosaic's samples. Written there, checked here."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Literal

import numpy as np

from lwisp_mobile import errors
from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import LwispError, SandboxError
from lwisp_mobile.raw.hints import MAX_PIXELS, Sites
from lwisp_mobile.raw.image import CaptureInfo, Gains, RawImage
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

MAX_LINE_BYTES = 65_536
SAMPLE = np.dtype("<u2")


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


@dataclass(frozen=True)
class Facts:
    """`RawImage` without its samples."""

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
    i = raw.info
    taken_at = None if i.taken_at is None else i.taken_at.isoformat()
    shot = Shot(i.make, i.model, i.iso, i.exposure_s, i.f_number, i.focal_length_mm, taken_at)
    facts = Facts(
        raw.height_px,
        raw.width_px,
        raw.cfa,
        raw.black_level,
        raw.white_level,
        raw.wb_gains,
        raw.camera_to_srgb,
        raw.orientation,
        shot,
        raw.notes,
    )
    _write_line(stream, Reply(facts))
    stream.write(np.ascontiguousarray(raw.mosaic, SAMPLE).data)


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
    return None if reply.facts is None else _read_raw(stream, reply.facts)


def _parse(line: bytes) -> Reply:
    try:
        return from_dict(Reply, json.loads(line), "The decoder's answer", SandboxError)
    except (ValueError, RecursionError) as error:
        raise SandboxError(f"The decoder's answer isn't JSON ({error}).") from error


def _read_raw(stream: IO[bytes], facts: Facts) -> RawImage | None:
    height, width = facts.height_px, facts.width_px
    if min(height, width) < 2 or height * width > MAX_PIXELS:
        raise SandboxError(f"The decoder's answer declares {width}x{height} px; at most {MAX_PIXELS} px are read.")
    mosaic = np.empty((height, width), SAMPLE)
    if not _fill(stream, mosaic.view(np.uint8).data.cast("B")):
        return None
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
    )


def _capture(shot: Shot) -> CaptureInfo:
    try:
        taken_at = None if shot.taken_at is None else datetime.fromisoformat(shot.taken_at)
    except ValueError as error:
        raise SandboxError(f"The decoder's answer has no date in {shot.taken_at!r}.") from error
    make, model = _name(shot.make), _name(shot.model)
    return CaptureInfo(make, model, shot.iso, shot.exposure_s, shot.f_number, shot.focal_length_mm, taken_at)


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
