"""Models for programs that call LiteRT.js themselves: float32 and INT8, each of one signature and one size.

LiteRT.js can't resize inputs, and compiles every graph of a file. (This project's own page needs none of these files:
it cuts them out of a bundle itself, of the sizes that a frame takes.)
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lwisp_export.conversion.fixed_size import fix_size
from lwisp_mobile.contract import ModelContract, to_json
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.tflite.graph import Graph

WEB_VERSION = 1
WEB_MANIFEST = "web.json"
DEFAULT_PACKED_PX = 256


@dataclass(frozen=True)
class WebModel:
    """One file, as the manifest lists it."""

    file: str
    sha256: str
    bytes: int
    precision: str
    packed_px: int
    """Side of the input (1, packed_px, packed_px, planes); the picture is twice as large."""
    signature: str
    input: str
    output: str


def write_web_models(
    folder: Path, models: Mapping[str, Graph], contract: ModelContract, packed_px: int = DEFAULT_PACKED_PX
) -> tuple[WebModel, ...]:
    """Write the models and their manifest, web.json, which has their contracts' pre-processing and tensors, too.

    folder: made if need be. models: by precision, with their signatures. contract: of any of them.
    Raises UsageError unless packed_px is a multiple of the contract's size_multiple.
    """
    multiple = contract.input.size_multiple
    if packed_px < multiple or packed_px % multiple:
        raise UsageError(f"A model of {packed_px} packed px can't be: give a multiple of {multiple}.")
    folder.mkdir(parents=True, exist_ok=True)
    written = tuple(_write(folder, model, precision, contract, packed_px) for precision, model in models.items())
    tree = {
        "web_version": WEB_VERSION,
        "name": contract.name,
        "rendered_tone": contract.rendered_tone,
        "input": json.loads(to_json(contract))["input"],
        "models": [asdict(model) for model in written],
    }
    with atomic_write(folder / WEB_MANIFEST) as temporary:
        temporary.write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return written


def _write(folder: Path, model: Graph, precision: str, contract: ModelContract, packed_px: int) -> WebModel:
    data = fix_size(model, packed_px).pack()
    file = f"{contract.name}.{precision}.{packed_px}.tflite"
    with atomic_write(folder / file) as temporary:
        temporary.write_bytes(data)
    whole, sha256 = contract.whole, hashlib.sha256(data).hexdigest()
    return WebModel(file, sha256, len(data), precision, packed_px, whole.name, whole.inputs[0], whole.outputs[0])
