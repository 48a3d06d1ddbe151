"""JSON files that a bundle keeps of its export, as dataclasses."""

import json
from typing import TypeVar

from lwisp_mobile.bundle.archive import read_all
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.serialize.from_dict import from_dict

T = TypeVar("T")


def read_bundle_json(bundle: Bundle, name: str, kind: type[T]) -> T | None:
    """A JSON file of a bundle; None if the bundle has no such file. Raises ModelError if it isn't of this kind."""
    data = read_all(bundle.folder).get(name)
    if data is None:
        return None
    where = str(bundle.folder / name)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where} can't be read as JSON ({error}). Export the bundle again.") from error
    return from_dict(kind, tree, where, ModelError)
