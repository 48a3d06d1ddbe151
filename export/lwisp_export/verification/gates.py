"""How much drift each stage may have: fixed limits for new models, and for bundles the drift recorded at export."""

from collections.abc import Collection
from dataclasses import dataclass

from lwisp_export.drift.stage_drift import UNLIMITED, Budget, StageDrift, summarise
from lwisp_export.verification.drift_record import DRIFT_FILE, DriftRecord
from lwisp_mobile.errors import ModelError

MEDIAN_DB, WORST_DB = 42.0, 36.0
"""Limits of a new INT8 model."""
FIXED_LIMITS = {
    "onnx": Budget(max_abs_diff=1e-4),
    "float32": Budget(max_abs_diff=1e-4),
    "fp16": Budget(median_psnr_db=65, worst_psnr_db=60),
    "int8": Budget(median_psnr_db=MEDIAN_DB, worst_psnr_db=WORST_DB),
}
"""Stages in the order of the chain. Conversions are exact up to rounding; fp16 keeps 11 bits of each weight."""

MARGIN_DB = 1.0
"""How much nearer to float the recorded drift may be: other CPUs' kernels round differently, a defect costs more."""
ERROR_RATIO = 10 ** (MARGIN_DB / 20)
"""The same margin as a factor on an error, 1.12; ΔE2000 of small errors is proportional to them."""
ROUNDING_PSNR_DB = 100.0
ROUNDING_DELTA_E = 0.01
"""Drift below these two is float32 rounding, which is each CPU's own."""


@dataclass(frozen=True)
class Gate:
    """A budget for each stage."""

    budgets: dict[str, Budget]
    description: str
    """What the budgets are and what they can't find, for the user."""


FIXED_GATE = Gate(FIXED_LIMITS, f"fixed limits (INT8: median {MEDIAN_DB:g} dB, worst tile {WORST_DB:g} dB)")
"""For new exports, of which no drift is recorded yet."""
CAMERA_GATE = Gate(
    FIXED_LIMITS,
    f"{FIXED_GATE.description}; no drift is recorded for these files, so models that lost several dB since their "
    "export may pass. `lwisp verify` without files compares with the recorded drift.",
)
"""For RAW files of the user's own."""


def recorded_gate(record: DriftRecord, images: Collection[str], stages: Collection[str]) -> Gate:
    """The recorded drift on the same images, less the margin. Raises ModelError if an image or stage isn't recorded."""
    recorded = {stage.stage: stage for stage in record.stages}
    missing = [name for name in stages if name not in recorded]
    if missing:
        raise ModelError(f"{DRIFT_FILE} has no stage {missing[0]!r}. Export the bundle again.")
    return Gate(
        {name: _budget(recorded[name], images) for name in stages},
        f"the drift recorded in {DRIFT_FILE} less {MARGIN_DB:g} dB (ΔE2000 p99: plus {ERROR_RATIO - 1:.0%})",
    )


def _budget(recorded: StageDrift, images: Collection[str]) -> Budget:
    found = {entry.image: entry for entry in recorded.images}
    missing = [name for name in images if name not in found]
    if missing:
        raise ModelError(f"{DRIFT_FILE} has no figures for the tile {missing[0]!r}. Export the bundle again.")
    same = summarise(recorded.stage, tuple(found[name] for name in images), UNLIMITED)
    return Budget(
        median_psnr_db=_least_db(same.median_psnr_db),
        worst_psnr_db=_least_db(same.worst_psnr_db),
        delta_e_p99=max(ERROR_RATIO * same.delta_e_p99, ROUNDING_DELTA_E),
    )


def _least_db(recorded_db: float | None) -> float:
    """None: the pictures were equal."""
    return ROUNDING_PSNR_DB if recorded_db is None else min(recorded_db - MARGIN_DB, ROUNDING_PSNR_DB)
