"""The JSON Schema of the results file, made from the dataclasses that write it: `python -m lwisp_bench.schema`.

The made file, `results.schema.json`, ships with the package for readers in other languages.
"""

import sys
import types
from dataclasses import fields, is_dataclass
from importlib.resources import files
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lwisp_bench.results import RESULTS_VERSION, Results
from lwisp_mobile.json_text import to_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}

Schema = dict[str, Any]


def results_schema() -> Schema:
    """The schema of a results file of this version."""
    definitions: dict[str, Schema] = {}
    top = _of_dataclass(Results, definitions)
    top["properties"]["results_version"] = {"const": RESULTS_VERSION}
    return {"$schema": DIALECT, "title": "Results of lwisp bench", **top, "$defs": dict(sorted(definitions.items()))}


def shipped_schema() -> str:
    """The text of the schema that ships."""
    return files("lwisp_bench").joinpath("results.schema.json").read_text(encoding="utf-8")


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


if __name__ == "__main__":
    sys.stdout.write(to_json(results_schema()) + "\n")
