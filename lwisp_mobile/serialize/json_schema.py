"""JSON Schemas of the files that `json_text.to_json` writes, generated from their dataclasses."""

import types
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["schema_of"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}

Schema = dict[str, Any]


def schema_of(kind: type, title: str, **constants: int) -> Schema:
    """Generate the schema of a dataclass. constants: fields with a single allowed value, such as a version."""
    definitions: dict[str, Schema] = {}
    top = _of_dataclass(kind, definitions)
    top["properties"] |= {name: {"const": value} for name, value in constants.items()}
    return {"$schema": DIALECT, "title": title, **top, "$defs": dict(sorted(definitions.items()))}


def _of_dataclass(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind)
    known = fields(kind)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": {field.name: _of_hint(hints[field.name], definitions) for field in known},
        "required": [field.name for field in known],
        "additionalProperties": False,
    }


def _of_hint(hint: Any, definitions: dict[str, Schema]) -> Schema:
    arguments = get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = _of_dataclass(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return {"anyOf": [_of_hint(inner, definitions), {"type": "null"}]}
    if get_origin(hint) is Literal:
        return {"enum": list(arguments)}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of_hint(arguments[0], definitions)}
    return {"type": _SCALARS[hint]}
