"""A calibration set from RAW frames: prepared, cut into tiles, examined."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.calibration.calibration_set import CalibrationSet, restored, stored, tile_sha256
from lwisp_export.calibration.convergence import measure_convergence
from lwisp_export.calibration.diagnosis import ExaminedFrame, diagnose
from lwisp_export.calibration.frame_facts import frame_facts, thumbnail
from lwisp_export.calibration.manifest import FrameEntry, Manifest, TileEntry
from lwisp_export.synthesis.tiles import NamedRaw, Tile, cut_planes
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import RawError, UsageError
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.serialize.files import file_sha256
from lwisp_mobile.tflite.graph import Graph


@dataclass(frozen=True)
class Source:
    """A frame to calibrate or evaluate with, or why it can't be used."""

    name: str
    sha256: str
    raw: RawImage | None
    error: str | None = None


@dataclass(frozen=True)
class _Prepared:
    examined: ExaminedFrame
    tiles: tuple[Tile, ...]


def read_sources(paths: Iterable[Path], hints: RawHints) -> Iterator[Source]:
    """Read RAW files one after the other; a file that can't be read becomes a source with an error."""
    for path in paths:
        try:
            raw = read_raw(path, hints)
            yield Source(path.name, file_sha256(path), raw)
        except (RawError, OSError) as error:
            yield Source(path.name, "", None, f"{path.name}: {error}")


def frame_sources(frames: Iterable[NamedRaw]) -> Iterator[Source]:
    """Frames in memory; their mosaics are hashed in place of files."""
    for frame in frames:
        yield Source(frame.name, hashlib.sha256(frame.raw.mosaic.tobytes()).hexdigest(), frame.raw)


def collect(
    sources: Iterable[Source],
    evaluation: Iterable[Source],
    contract: InputContract,
    tile_px: int,
    float_model: Graph | None,
) -> CalibrationSet:
    """Build a calibration set and examine it.

    evaluation: frames that must not be in it. float_model: a student's float model, whose ranges show whether more
    frames would change anything; None: that isn't measured. Raises UsageError if no frame can be used.
    """
    prepared, unreadable = [], []
    for source in sources:
        found = _prepare(source, contract, tile_px)
        if isinstance(found, str):
            unreadable.append(found)
        else:
            prepared.append(found)
    if not prepared:
        raise UsageError(f"No frame can be used. {' '.join(unreadable)}")
    evaluated = [_prepare(source, contract, tile_px) for source in evaluation]
    tiles_by_frame = [[tile.packed for tile in frame.tiles] for frame in prepared]
    convergence = () if float_model is None else measure_convergence(float_model, tiles_by_frame)
    findings = diagnose(
        [frame.examined for frame in prepared],
        [frame.examined for frame in evaluated if isinstance(frame, _Prepared)],
        unreadable,
        convergence,
    )
    entries = tuple(_entry(frame) for frame in prepared)
    tiles = tuple(tile for frame in prepared for tile in frame.tiles)
    return CalibrationSet(Manifest(tile_px, contract, entries, convergence, findings), tiles)


def _prepare(source: Source, contract: InputContract, tile_px: int) -> _Prepared | str:
    """A frame's tiles and facts, or why it can't be used."""
    if source.raw is None:
        return source.error or source.name
    planes = prepare(source.raw, contract).planes
    try:
        tiles = cut_planes(NamedRaw(source.name, source.raw), planes, tile_px)
    except UsageError as error:
        return str(error)
    facts = frame_facts(source.raw, planes, contract)
    examined = ExaminedFrame(source.name, source.sha256, facts, thumbnail(planes))
    return _Prepared(examined, tuple(_as_stored(tile) for tile in tiles))


def _as_stored(tile: Tile) -> Tile:
    """The tile with its values rounded as in the set's file."""
    return Tile(tile.name, restored(stored(tile.packed)))


def _entry(frame: _Prepared) -> FrameEntry:
    tiles = tuple(TileEntry(tile.name, tile_sha256(stored(tile.packed))) for tile in frame.tiles)
    return FrameEntry(frame.examined.name, frame.examined.sha256, frame.examined.facts, tiles)
