"""--delegate-option for LiteRT's own accelerators: KEY=VALUE to the fields of its option classes.

gpu takes precision=fp16 (its default) or fp32, and the fields of GpuOptions; npu takes openvino.FIELD and
qualcomm.FIELD, as openvino.graph_backend=CPU.
"""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import IntEnum
from typing import Any

from lwisp_mobile.errors import UsageError

_PRECISION = "precision"
_PRECISIONS = {"fp16": "false", "fp32": "true"}
_SWITCHES = {"true": True, "false": False}


def compile_options(module: Any, accelerator: str, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The arguments of LiteRT's Options for one accelerator. module: LiteRT's compiled_model.

    Raises UsageError, naming what there is, on another key or value.
    """
    if accelerator == "gpu":
        return {"gpu_options": _fill(module.GpuOptions, "", dict(map(_precision, options)))} if options else {}
    classes = {"openvino": module.IntelOpenVinoOptions, "qualcomm": module.QualcommOptions}
    arguments = {"openvino": "intel_openvino_options", "qualcomm": "qualcomm_options"}
    given: dict[str, dict[str, str]] = {}
    for key, value in options:
        vendor, _, name = key.partition(".")
        if vendor not in classes:
            raise UsageError(f"npu takes openvino.FIELD=VALUE and qualcomm.FIELD=VALUE; {key!r} is neither.")
        given.setdefault(vendor, {})[name] = value
    return {arguments[vendor]: _fill(classes[vendor], f"{vendor}.", values) for vendor, values in given.items()}


def _precision(option: tuple[str, str]) -> tuple[str, str]:
    """precision=fp32 as the field that means it."""
    key, value = option
    if key != _PRECISION:
        return option
    if value not in _PRECISIONS:
        raise UsageError(f"gpu's precision {value!r} is none of {', '.join(_PRECISIONS)}.")
    return "enforce_f32", _PRECISIONS[value]


def _fill(options: Any, prefix: str, values: Mapping[str, str]) -> Any:
    kinds = typing.get_type_hints(options)
    known = [field.name for field in fields(options)]
    unknown = [name for name in values if name not in known]
    if unknown:
        raise UsageError(f"There is no option {prefix}{unknown[0]}; there are: {', '.join(known)}.")
    return options(**{name: _value(kinds[name], prefix + name, value) for name, value in values.items()})


def _value(kind: Any, key: str, value: str) -> Any:
    """A value in a field's type, which may be optional."""
    kinds = [each for each in typing.get_args(kind) or (kind,) if each is not type(None)]
    if kinds == [bool]:
        choices: Mapping[str, Any] = _SWITCHES
    elif isinstance(kinds[0], type) and issubclass(kinds[0], IntEnum):
        choices = kinds[0].__members__
    elif kinds == [str]:
        return value
    elif kinds == [int] and value.isdecimal():
        return int(value)
    else:
        raise UsageError(f"{key}={value} can't be given here: it takes {getattr(kinds[0], '__name__', kinds[0])}.")
    if value not in choices:
        raise UsageError(f"{key}={value}: choose {', '.join(choices)}.")
    return choices[value]
