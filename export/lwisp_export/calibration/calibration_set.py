"""A calibration set: tiles and their manifest, in a folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.calibration.manifest import MANIFEST_FILE, Manifest, read_manifest
from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

TILES_FILE = "tiles.npy"
_FULL = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class CalibrationSet:
    """Tiles to measure ranges on, and their provenance."""

    manifest: Manifest
    tiles: tuple[Tile, ...]


def write_set(folder: Path, found: CalibrationSet) -> None:
    """Write a set: calibration.json and tiles.npy, (tiles, side, side, planes) uint16, 65535 for 1."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.stack([stored(tile.packed) for tile in found.tiles])
    with atomic_write(folder / TILES_FILE) as temporary, temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)
    with atomic_write(folder / MANIFEST_FILE) as temporary:
        temporary.write_text(to_json(found.manifest) + "\n", encoding="utf-8")


def load_set(folder: Path, contract: InputContract) -> CalibrationSet:
    """Read a set whose tiles were prepared by this contract.

    Raises UsageError if a file is missing or broken, a tile doesn't match its hash, or the contract is another one.
    """
    manifest = read_manifest(folder / MANIFEST_FILE)
    if manifest.input != contract:
        raise UsageError(f"{folder}: the tiles were prepared for another student's input. Calibrate again.")
    values = _read_values(folder / TILES_FILE)
    side, planes = manifest.tile_px, len(contract.planes)
    wanted = (len(manifest.tiles), side, side, planes)
    if values.shape != wanted or values.dtype != np.uint16:
        raise UsageError(
            f"{folder / TILES_FILE} contains {values.dtype} of shape {values.shape}; the manifest needs uint16 of "
            f"{wanted}. Calibrate again."
        )
    return CalibrationSet(
        manifest, tuple(_tile(entry.name, entry.sha256, v) for entry, v in zip(manifest.tiles, values))
    )


def stored(packed: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Prepared values in [0, 1] as they are stored."""
    return np.asarray(np.rint(packed * np.float32(_FULL)), "<u2")


def restored(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Stored values as float32 in [0, 1]."""
    return values.astype(np.float32) / np.float32(_FULL)


def tile_sha256(values: NDArray[np.uint16]) -> str:
    """SHA-256 of a tile's stored values."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def _read_values(path: Path) -> NDArray[np.uint16]:
    try:
        values: NDArray[np.uint16] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path}: no tiles can be read ({error}). Calibrate again.") from error
    return values


def _tile(name: str, sha256: str, values: NDArray[np.uint16]) -> Tile:
    if tile_sha256(values) != sha256:
        raise UsageError(
            f"Tile {name} of the calibration set doesn't match its hash. Copy the set again, or calibrate again."
        )
    return Tile(name, restored(values))
