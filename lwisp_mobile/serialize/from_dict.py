"""Plain values (from TOML or JSON) to frozen dataclasses, strictly: every key and type is checked."""

import math
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from lwisp_mobile.errors import LwispError, UsageError

T = TypeVar("T")
Special = Callable[[Any, object, str], Any]
"""Reads a value for a type hint at a place, or gives NotImplemented for hints that are read as usual."""


def _as_usual(_hint: Any, _value: object, _where: str) -> Any:
    return NotImplemented


def from_dict(
    cls: type[T], tree: object, where: str, error: type[LwispError] = UsageError, special: Special = _as_usual
) -> T:
    """Read a table into a dataclass, which may hold others.

    cls: the dataclass. where: file and key, for messages. special: asked first, for types beyond JSON's. Raises
    `error` on an unknown or missing key, another type, NaN or infinity, and whatever the dataclass itself refuses.
    """
    if not isinstance(tree, dict):
        raise error(f"{where} must be a table, found {_short(tree)}.")
    hints = get_type_hints(cls)
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    for key in tree:
        if key not in known:
            raise error(f"{where}: unknown key {key!r}; known are {', '.join(known)}.")
    for name, field in known.items():
        if name not in tree and field.default is MISSING and field.default_factory is MISSING:
            raise error(f"{where}: the key {name!r} is missing.")
    values = {key: _convert(hints[key], value, f"{where}: {key}", error, special) for key, value in tree.items()}
    return cls(**values)


def _convert(hint: Any, value: object, where: str, error: type[LwispError], special: Special) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        return None if value is None else _convert(options[0], value, where, error, special)
    if (found := special(hint, value, where)) is not NotImplemented:
        return found
    if is_dataclass(hint) and isinstance(hint, type):
        return from_dict(hint, value, where, error, special)
    if origin is Literal:
        return _choice(get_args(hint), value, where, error)
    if origin is tuple:
        return _convert_tuple(get_args(hint), value, where, error, special)
    return _scalar(hint, value, where, error)


def _convert_tuple(
    kinds: tuple[Any, ...], value: object, where: str, error: type[LwispError], special: Special
) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise error(f"{where} must be a list, found {_short(value)}.")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise error(f"{where} must have {len(kinds)} entries, found {len(value)}.")
    items = enumerate(zip(kinds, value))
    return tuple(_convert(kind, item, f"{where}[{i}]", error, special) for i, (kind, item) in items)


def _choice(choices: tuple[Any, ...], value: object, where: str, error: type[LwispError]) -> Any:
    if value not in choices:
        raise error(f"{where} must be one of {', '.join(map(str, choices))}; found {_short(value)}.")
    return value


def _scalar(kind: Any, value: object, where: str, error: type[LwispError]) -> Any:
    # A bool is an int to Python, not to a reader of the file; a whole number is a fine float.
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise error(f"{where} must be {kind.__name__}, found {_short(value)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise error(f"{where} is {value}; a finite number is needed.")
    return float(value) if kind is float else value  # type: ignore[arg-type]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
