"""Sidecars: a TOML file beside a RAW file with the facts the RAW file doesn't hold, or holds wrongly."""

import difflib
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawError, RawFormatError
from lwisp_mobile.raw.hints import NO_HINTS, RawHints, matrix_from_nine

MAX_SIDECAR_BYTES = 65_536
"""A sidecar has a dozen lines; a longer file isn't one."""


def find_sidecar(path: Path) -> Path | None:
    """Find the sidecar of photo.raw: photo.raw.toml, else photo.toml, else None."""
    candidates = (path.with_name(path.name + ".toml"), path.with_suffix(".toml"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def read_sidecar(path: Path) -> RawHints:
    """Read the sidecar of a RAW file; no hints if it has none. Raises a RawError that names file and key."""
    sidecar = find_sidecar(path)
    if sidecar is None:
        return NO_HINTS
    try:
        return parse_hints(_read_text(sidecar))
    except RawError as error:
        raise type(error)(f"{sidecar}: {error}") from error


def parse_hints(text: str) -> RawHints:
    """Turn the text of a sidecar into hints. Raises RawFormatError and, for values, its siblings."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RawFormatError(f"This isn't TOML ({error}). Write lines such as: size = [1920, 1080]") from error
    for key in table:
        _check_known(key)
    return RawHints(**{key: _PARSERS[key](key, value) for key, value in table.items()})


def _read_text(sidecar: Path) -> str:
    try:
        with sidecar.open("rb") as file:
            content = file.read(MAX_SIDECAR_BYTES + 1)
        if len(content) > MAX_SIDECAR_BYTES:
            raise RawFormatError(f"The sidecar has more than {MAX_SIDECAR_BYTES} bytes; is it another TOML file?")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RawFormatError(f"The sidecar isn't UTF-8 text ({error}). Save it again as UTF-8.") from error
    except OSError as error:
        raise RawFormatError(f"The sidecar can't be read ({error.strerror}).") from error


def _check_known(key: str) -> None:
    if key in _PARSERS:
        return
    close = difflib.get_close_matches(key, _PARSERS, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise RawFormatError(f"Key {key!r} is unknown.{meant} Known keys: {', '.join(_PARSERS)}.")


def _wrong_type(key: str, value: object, needed: str) -> RawFormatError:
    return RawFormatError(f"{key} = {value!r} can't be used; {needed} is needed.")


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(key, value, "text in quotes")
    return value


def _integer(key: str, value: object) -> int:
    # bool is a subclass of int: `bits = true` must not become 1.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(key, value, "a whole number")
    return value


def _number(key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong_type(key, value, "a number")
    if abs(value) > 2**53 or not math.isfinite(value):
        raise _wrong_type(key, value, "a finite number")
    return float(value)


def _numbers(key: str, value: object, count: int) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) != count:
        raise _wrong_type(key, value, f"a list of {count} numbers")
    return tuple(_number(key, item) for item in value)


def _size(key: str, value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise _wrong_type(key, value, "a list of two whole numbers, width and height,")
    return _integer(key, value[0]), _integer(key, value[1])


def _black(key: str, value: object) -> object:
    return _numbers(key, value, 4) if isinstance(value, list) else _number(key, value)


def _white_balance(key: str, value: object) -> object:
    return value if isinstance(value, str) else _numbers(key, value, 3)


def _matrix(key: str, value: object) -> Matrix3:
    if isinstance(value, list) and value and all(isinstance(row, list) and len(row) == 3 for row in value):
        value = [item for row in value for item in row]
    return matrix_from_nine(_numbers(key, value, 9))


_PARSERS: dict[str, Callable[[str, object], Any]] = {
    "size": _size,
    "cfa": _text,
    "bits": _integer,
    "stride": _integer,
    "byte_order": _text,
    "black": _black,
    "white": _number,
    "white_balance": _white_balance,
    "matrix": _matrix,
    "orientation": _integer,
    "iso": _number,
    "make": _text,
    "model": _text,
}
