"""The manifest of a calibration set: its frames and tiles with their hashes, as JSON."""

import json
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.calibration.convergence import ConvergencePoint
from lwisp_export.calibration.diagnosis import Finding
from lwisp_export.calibration.frame_facts import FrameFacts
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import read_file
from lwisp_mobile.serialize.from_dict import from_dict

MANIFEST_VERSION = 1
MANIFEST_FILE = "calibration.json"

MAX_BYTES = 64 << 20
"""Of a manifest; a frame takes a few kilobytes."""


@dataclass(frozen=True)
class TileEntry:
    """One tile, in the order of the tiles' file."""

    name: str
    sha256: str
    """Of its values as stored: (side, side, planes) uint16, little-endian, row by row."""


@dataclass(frozen=True)
class FrameEntry:
    """One frame of the set."""

    name: str
    sha256: str
    """Of the file; of the mosaic's values for a synthetic frame."""
    facts: FrameFacts
    tiles: tuple[TileEntry, ...]


@dataclass(frozen=True)
class Manifest:
    """A calibration set without its values."""

    tile_px: int
    input: InputContract
    """The pre-processing that the tiles went through."""
    frames: tuple[FrameEntry, ...]
    convergence: tuple[ConvergencePoint, ...]
    findings: tuple[Finding, ...]
    manifest_version: int = MANIFEST_VERSION

    @property
    def tiles(self) -> tuple[TileEntry, ...]:
        """Every frame's tiles, in order."""
        return tuple(tile for frame in self.frames for tile in frame.tiles)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises UsageError if it isn't one of this version."""
    try:
        tree = json.loads(read_file(path, MAX_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path}: no calibration set can be read ({error}). Give a folder that `lwisp calibrate` wrote."
        ) from error
    version = tree.get("manifest_version") if isinstance(tree, dict) else None
    if version != MANIFEST_VERSION:
        raise UsageError(
            f"{path}: manifest version {version!r}; this release reads {MANIFEST_VERSION}. Calibrate again."
        )
    return from_dict(Manifest, tree, str(path))
