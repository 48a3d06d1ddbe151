"""The answer of a decoding process: one line of JSON, then the arrays in the line's order. Written there, checked here.

The line is a `RawImage` or why there is none; an array's place in it holds its shape.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import IO, Any, Literal, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile import errors
from lwisp_mobile.errors import LwispError, SandboxError
from lwisp_mobile.raw.dng_opcodes import MAX_POINTS
from lwisp_mobile.raw.hints import MAX_PIXELS
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

MAX_LINE_BYTES = 1 << 20
"""A DNG's facts are some ten thousand bytes."""
MAX_ARRAY_BYTES = 2 * MAX_PIXELS + 16 * MAX_POINTS
"""Of all arrays: the mosaic, and opcodes' gains and places of up to four int32."""


@dataclass(frozen=True)
class Failure:
    """Why there is no picture."""

    kind: Literal[
        "CfaError", "MissingExtraError", "RawFormatError", "SandboxError", "UnsupportedSensorError", "WhiteBalanceError"
    ]
    message: str


@dataclass(frozen=True)
class Reply:
    """One of the two."""

    raw: RawImage | None = None
    failure: Failure | None = None


def write_failure(stream: IO[bytes], error: LwispError) -> None:
    """Answer that there is no picture."""
    _write_line(stream, Reply(failure=Failure(type(error).__name__, str(error))))  # type: ignore[arg-type]


def write_raw(stream: IO[bytes], raw: RawImage) -> None:
    """Answer with a frame."""
    _write_line(stream, _without_arrays(Reply(raw)))
    for array in _arrays(raw):
        stream.write(np.ascontiguousarray(array.astype(_on_wire(array.dtype), copy=False)).data)


def _without_arrays(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_without_arrays(item) for item in value]
    return {f.name: _without_arrays(getattr(value, f.name)) for f in fields(value)} if is_dataclass(value) else value


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    if isinstance(value, np.ndarray):
        yield value
    items = [getattr(value, field.name) for field in fields(value)] if is_dataclass(value) else value
    for item in items if isinstance(items, list | tuple) else ():
        yield from _arrays(item)


def read_reply(stream: IO[bytes]) -> RawImage | None:
    """Read an answer; None if the stream ends before it is whole.

    Raises the error that the child met, SandboxError if the answer isn't one, and what RawImage refuses.
    """
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        return None
    try:
        reply = from_dict(Reply, json.loads(line), "The decoder's answer", SandboxError, _Reader(stream).read)
    except (ValueError, RecursionError) as error:
        raise SandboxError(f"The decoder's answer isn't JSON ({error}).") from error
    except EOFError:
        return None
    if reply.failure is not None:
        raise getattr(errors, reply.failure.kind)(reply.failure.message)
    return reply.raw


class _Reader:
    """Reads what JSON has no types for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._left_bytes = stream, MAX_ARRAY_BYTES

    def read(self, hint: Any, value: object, where: str) -> Any:
        """See `from_dict`. Raises EOFError if the stream ends before an array does."""
        if get_origin(hint) is np.ndarray:
            return self._array(np.dtype(get_args(get_args(hint)[1])[0]), value, where)
        if not isinstance(value, str) or hint not in (str, datetime):
            return NotImplemented
        if hint is datetime:
            return _date(value, where)
        # What a hostile file made the child say must not send control characters to a terminal.
        return "".join(letter for letter in value if letter.isprintable())

    def _array(self, dtype: np.dtype[Any], shape: object, where: str) -> NDArray[Any]:
        sides = [side for side in shape if type(side) is int and side >= 0] if isinstance(shape, list) else []
        size = dtype.itemsize
        for side in sides:
            size *= side
        if shape != sides or len(sides) > 3 or size > self._left_bytes:
            raise SandboxError(f"{where} is declared as {str(shape)[:60]}; that isn't possible.")
        self._left_bytes -= size
        array = np.empty(sides, _on_wire(dtype))
        if size and not _fill(self._stream, array.view(np.uint8).data.cast("B")):
            raise EOFError
        return array.astype(dtype, copy=False)


def _date(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SandboxError(f"{where}: {text[:60]!r} is no date.") from error


def _on_wire(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def _fill(stream: IO[bytes], view: memoryview) -> bool:
    """Fill a view from a stream; False if the stream ends before."""
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            return False
        done += count
    return True


def _write_line(stream: IO[bytes], reply: Any) -> None:
    stream.write(to_json(reply, indent=None).encode() + b"\n")
