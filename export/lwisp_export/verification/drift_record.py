"""The drift of every stage of a chain, and drift.json, which keeps it in the bundle from its export on."""

from dataclasses import dataclass

from lwisp_export.drift.stage_drift import StageDrift
from lwisp_export.verification.bundle_json import read_bundle_json
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

DRIFT_FILE = "drift.json"


@dataclass(frozen=True)
class DriftRecord:
    """Every stage's drift, in the order of the chain."""

    checkpoint_sha256: str
    stages: tuple[StageDrift, ...]
    gate: str = ""
    """What the stages' budgets are, in words."""

    @property
    def first_failing(self) -> StageDrift | None:
        """The first stage that exceeds its budget."""
        return next((stage for stage in self.stages if stage.violations), None)


def write_drift_record(bundle: Bundle, record: DriftRecord) -> None:
    """Write drift.json into a bundle's folder."""
    with atomic_write(bundle.folder / DRIFT_FILE) as temporary:
        temporary.write_text(to_json(record) + "\n", encoding="utf-8")


def read_drift_record(bundle: Bundle) -> DriftRecord:
    """The record of a bundle's export.

    Raises UsageError if the bundle has none, ModelError if it can't be read or is of another checkpoint.
    """
    where = bundle.folder / DRIFT_FILE
    record = read_bundle_json(bundle, DRIFT_FILE, DriftRecord)
    if record is None:
        raise UsageError(
            f"{where} is missing, so there is no recorded drift to hold the models to. Export the bundle again, or "
            "verify on RAW files of your own (lwisp verify a.dng), which have fixed limits."
        )
    wanted = bundle.models[0].contract.weights_sha256
    if record.checkpoint_sha256 != wanted:
        raise ModelError(
            f"{where} was measured against the checkpoint with sha256 {record.checkpoint_sha256[:16]}…; the models "
            f"were made from {wanted[:16]}…. Export the bundle again."
        )
    return record
