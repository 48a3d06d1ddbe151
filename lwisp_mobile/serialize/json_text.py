"""Results as strict JSON: NaN and infinity are errors, never tokens that other readers refuse."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from lwisp_mobile.errors import NonFiniteError

__all__ = ["to_json"]


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Write dataclasses, mappings, lists, numpy scalars and arrays, paths and enums as JSON.

    Raises NonFiniteError, naming the place, on NaN or infinity; TypeError on any other type.
    """
    return json.dumps(_plain(value, ""), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any, place: str) -> Any:  # noqa: PLR0911  one return per kind of value
    if isinstance(value, Enum):
        return _plain(value.value, place)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _finite(value, place)
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), f"{place}.{field.name}") for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key, place): _plain(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if hasattr(value, "tolist"):  # numpy's scalars and arrays, without importing numpy
        return _plain(value.tolist(), place)
    raise TypeError(f"{place.lstrip('.') or 'The result'} is a {type(value).__name__}, which has no JSON form")


def _key(key: Any, place: str) -> str:
    # json would silently write None as "null" and 1 as "1"; only the second is ever meant.
    if isinstance(key, str | int) and not isinstance(key, bool):
        return str(key)
    raise TypeError(f"{place.lstrip('.') or 'The result'} has the key {key!r}; JSON keys are text or whole numbers")


def _finite(value: float, place: str) -> float:
    if math.isfinite(value):
        return float(value)
    raise NonFiniteError(f"{place.lstrip('.') or 'The result'} is {value}, which isn't JSON; write null instead")
