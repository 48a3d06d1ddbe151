"""Checking an export: its stages against the float reference, written down as drift.json."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lwisp_export.export import Exported
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.builtin_frames import evaluation_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw, cut_tiles
from lwisp_export.verification.verify import DriftReport, Stage, onnx_stage, verify
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.session import Session
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import atomic_write, file_sha256
from lwisp_mobile.serialize.json_text import to_json

DRIFT_FILE = "drift.json"


def check_bundle(
    exported: Exported, checkpoint: Path, frames: Sequence[NamedRaw], step: Callable[[str], None]
) -> DriftReport:
    """Verify every stage of an export on the made evaluation frames and the given ones; write drift.json.

    frames: RAW frames to verify on beside the made ones. Raises UsageError if one is smaller than a tile.
    """
    stages = [onnx_stage(exported.onnx), _stage(exported.float32.read_bytes(), exported.float32_contract)]
    stages += bundle_stages(exported.bundle)
    made = [NamedRaw(frame.name, frame.raw) for frame in evaluation_frames()]
    report = run_check(checkpoint, stages, [*made, *frames], step)
    with atomic_write(exported.bundle.folder / DRIFT_FILE) as temporary:
        temporary.write_text(to_json(report) + "\n", encoding="utf-8")
    return report


def check_shipped(
    bundle: Bundle, checkpoint: Path, frames: Sequence[NamedRaw], step: Callable[[str], None]
) -> DriftReport:
    """Verify a bundle's models against the checkpoint they were made from. Errors as for `check_origin`."""
    check_origin(bundle, checkpoint)
    if not frames:
        frames = [NamedRaw(frame.name, frame.raw) for frame in evaluation_frames()]
    return run_check(checkpoint, bundle_stages(bundle), frames, step)


def check_origin(bundle: Bundle, checkpoint: Path) -> None:
    """Raises UsageError if a bundle wasn't made from this checkpoint."""
    wanted, found = bundle.models[0].contract.weights_sha256, file_sha256(checkpoint)
    if wanted != found:
        raise UsageError(
            f"{bundle.folder} was made from the checkpoint with sha256 {wanted[:16]}…, {checkpoint} has {found[:16]}…. "
            "Give the right --checkpoint, or export again."
        )


def run_check(
    checkpoint: Path, stages: Sequence[Stage], frames: Sequence[NamedRaw], step: Callable[[str], None]
) -> DriftReport:
    """Cut tiles from frames and verify stages on them."""
    reference = Reference(checkpoint)
    tiles = cut_tiles(frames, reference.info.input, TILE_PX)
    return verify(reference.run, stages, tiles, file_sha256(checkpoint), step)


def bundle_stages(bundle: Bundle) -> list[Stage]:
    """A bundle's models as stages, in the order of the chain: floats before int8."""
    models = sorted(bundle.models, key=lambda model: model.contract.precision)
    return [_stage(bundle.read(model.contract.precision), model.contract) for model in models]


def _stage(model: bytes, contract: ModelContract) -> Stage:
    return Stage(contract.precision, Session(model, contract).run)
