"""What made an INT8 model, so that a bundle can't claim another calibration than the one it had.

The function that quantises hashes the very tiles it was given and stamps the model with the digest; calibration.json
beside it lists those tiles, or says that the checkpoint's trained ranges needed none. `lwisp verify` compares the two.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from lwisp_export.calibration.calibration_set import stored, tile_sha256
from lwisp_export.calibration.manifest import MANIFEST_FILE, Manifest
from lwisp_export.quantization.quantization_recipe import QuantizationRecipe
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json
from lwisp_mobile.tflite.graph import Graph

STAMP = "LWISP_CALIBRATION"
"""Name of the model's metadata that has the digest of its calibration tiles, in hexadecimal."""
PROVENANCE_VERSION = 2

TileUse = Literal["equalization", "weights", "ranges"]


@dataclass(frozen=True)
class Provenance:
    """What made an INT8 model: calibration.json of a bundle."""

    recipe: str
    ranges: str
    """Their estimator; trained: from the checkpoint, whatever the tiles."""
    tiles_for: tuple[TileUse, ...]
    """What the calibration tiles had a part in; nothing: there were none."""
    tiles_sha256: str | None
    """Of the tiles' own hashes, one a line, in order; None without tiles."""
    calibration: Manifest | None
    provenance_version: int = PROVENANCE_VERSION


def tile_uses(recipe: QuantizationRecipe) -> tuple[TileUse, ...]:
    """What a recipe needs calibration tiles for."""
    int_activations = recipe.scheme in ("int8", "int16x8")
    measured = recipe.activations.estimator != "trained" or recipe.activations.tensors
    found: list[tuple[TileUse, object]] = [
        ("equalization", recipe.model.equalize),
        ("weights", recipe.weights.rounding == "compensated" or recipe.weights.correct_bias),
        ("ranges", int_activations and measured),
    ]
    return tuple(use for use, needed in found if needed)


def stamp_calibration(model: Graph, tiles: Iterable[np.ndarray]) -> tuple[Graph, str]:
    """Return the model with the digest of the tiles that made it, and the digest."""
    stamped, digest = model.copy(), digest_tiles(tile_sha256(stored(tile)) for tile in tiles)
    stamped.set_metadata(STAMP, digest.encode())
    return stamped, digest


def digest_tiles(hashes: Iterable[str]) -> str:
    """The digest of a set of tiles, of their hashes in order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write a bundle's calibration.json."""
    with atomic_write(folder / MANIFEST_FILE) as temporary:
        temporary.write_text(to_json(provenance) + "\n", encoding="utf-8")
