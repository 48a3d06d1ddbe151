"""An export and the check of its stages, as `lwisp export` and `lwisp demo` run them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_export.export import Exported, ExportPaths, export
from lwisp_export.quantization_step import DEFAULT_OPTIONS, QuantizeOptions
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_export.verification.bundle_check import check_export
from lwisp_export.verification.drift_record import DriftRecord
from lwisp_export.verification.stages import chain_stages
from lwisp_mobile.progress import Progress


@dataclass(frozen=True)
class CheckedExport:
    """What an export wrote, and the drift of every stage."""

    exported: Exported
    drift: DriftRecord


def export_checked(
    paths: ExportPaths,
    frames: Sequence[NamedRaw],
    progress: Progress,
    options: QuantizeOptions = DEFAULT_OPTIONS,
) -> CheckedExport:
    """Export a checkpoint, then compare every stage with the float reference. Arguments and errors as for `export`."""
    exported = export(paths, frames, progress, options)
    stages = chain_stages(exported.onnx, exported.float32, exported.float32_contract, exported.bundle)
    return CheckedExport(exported, check_export(exported.bundle, stages, paths.checkpoint, progress))
