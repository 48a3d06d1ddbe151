"""A bundle's models against the float checkpoint they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.drift.evaluation_tiles import EvaluationTile, camera_tiles, evaluation_tiles
from lwisp_export.drift.stage_drift import Picture, measure_drift
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_export.verification.drift_record import DriftRecord, read_drift_record, write_drift_record
from lwisp_export.verification.gates import CAMERA_GATE, FIXED_GATE, Gate, recorded_gate
from lwisp_export.verification.provenance_check import check_provenance
from lwisp_export.verification.stages import Stage, bundle_stages
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import file_sha256


@dataclass(frozen=True)
class DriftCheck:
    """Stages of a chain, compared with the float reference on the same tiles."""

    record: DriftRecord
    tiles: tuple[EvaluationTile, ...]
    references: tuple[Picture, ...]
    """The float checkpoint's picture of each tile."""


def check_export(bundle: Bundle, stages: Sequence[Stage], checkpoint: Path, progress: Progress) -> DriftRecord:
    """Hold every stage of an export to the fixed limits on the evaluation tiles; write the bundle's drift.json."""
    tiles = evaluation_tiles(bundle.models[0].contract.input)
    record = check_stages(stages, checkpoint, tiles, FIXED_GATE, progress).record
    write_drift_record(bundle, record)
    return record


def check_bundle(bundle: Bundle, checkpoint: Path, frames: Sequence[NamedRaw], progress: Progress) -> DriftCheck:
    """Hold a bundle's models to the drift recorded at its export, or on camera frames to the fixed limits.

    frames: camera files; none: the evaluation tiles. Raises UsageError if the bundle wasn't made from this checkpoint
    or a frame is smaller than a tile, ModelError if its calibration.json isn't of its INT8; without frames also
    UsageError or ModelError as `read_drift_record`.
    """
    check_origin(bundle, checkpoint)
    check_provenance(bundle)
    contract, stages = bundle.models[0].contract.input, bundle_stages(bundle)
    if frames:
        return check_stages(stages, checkpoint, camera_tiles(frames, contract), CAMERA_GATE, progress)
    tiles = evaluation_tiles(contract)
    gate = recorded_gate(read_drift_record(bundle), [tile.name for tile in tiles], [stage.name for stage in stages])
    return check_stages(stages, checkpoint, tiles, gate, progress)


def check_stages(
    stages: Sequence[Stage],
    checkpoint: Path,
    tiles: tuple[EvaluationTile, ...],
    gate: Gate,
    progress: Progress,
) -> DriftCheck:
    """Run every tile through the float checkpoint and every stage, and compare. progress: called with each name."""
    progress("torch")
    reference = Reference(checkpoint)
    references = tuple(reference.run(tile.packed) for tile in tiles)
    drifts = []
    for stage in stages:
        progress(stage.name)
        drifts.append(measure_drift(stage.run, references, tiles, stage.name, gate.budgets[stage.name]))
    return DriftCheck(DriftRecord(file_sha256(checkpoint), tuple(drifts), gate.description), tiles, references)


def check_origin(bundle: Bundle, checkpoint: Path) -> None:
    """Raises UsageError if a bundle wasn't made from this checkpoint."""
    wanted, found = bundle.models[0].contract.weights_sha256, file_sha256(checkpoint)
    if wanted != found:
        raise UsageError(
            f"{bundle.folder} was made from the checkpoint with sha256 {wanted[:16]}…, {checkpoint} has {found[:16]}…. "
            "Give the right --checkpoint, or export again."
        )
