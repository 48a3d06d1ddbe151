"""Gates: the recorded drift less its margin, image by image, and what is missing from a record."""

import numpy as np
import pytest

from lwisp_export.drift.stage_drift import Budget, ImageDrift, StageDrift, summarise
from lwisp_export.verification.drift_record import DriftRecord
from lwisp_export.verification.gates import CAMERA_GATE, FIXED_GATE, recorded_gate
from lwisp_mobile.errors import ModelError
from lwisp_mobile.metrics import compare

GREY = np.full((16, 16, 3), 0.5, np.float32)


def recorded(**errors: float) -> StageDrift:
    """A stage whose pictures are off by these errors; 20 dB per factor of ten."""
    images = (ImageDrift(name, compare(GREY + np.float32(error), GREY)) for name, error in errors.items())
    return summarise("int8", tuple(images), Budget())


def budget_of(stage: StageDrift, *images: str) -> Budget:
    return recorded_gate(DriftRecord("00", (stage,)), images, ["int8"]).budgets["int8"]


def test_the_gate_is_the_recorded_drift_less_one_db() -> None:
    stage = recorded(a=0.01, b=0.01, c=0.1)
    budget = budget_of(stage, "a", "b", "c")
    assert budget.median_psnr_db == pytest.approx(39, abs=1e-3)
    assert budget.worst_psnr_db == pytest.approx(19, abs=1e-3)
    assert budget.delta_e_p99 == pytest.approx(1.122 * stage.delta_e_p99, rel=1e-3)
    assert budget.max_abs_diff is None


def test_only_the_images_that_are_verified_count() -> None:
    assert budget_of(recorded(a=0.01, b=0.1), "a").worst_psnr_db == pytest.approx(39, abs=1e-3)


def test_float32_rounding_is_no_drift() -> None:
    for stage in (recorded(a=1e-7), recorded(a=0)):
        assert budget_of(stage, "a") == Budget(median_psnr_db=100, worst_psnr_db=100, delta_e_p99=0.01)


def test_what_the_record_lacks_is_named() -> None:
    record = DriftRecord("00", (recorded(a=0.01),))
    with pytest.raises(ModelError, match="no figures for the tile 'b'"):
        recorded_gate(record, ["a", "b"], ["int8"])
    with pytest.raises(ModelError, match="no stage 'fp16'"):
        recorded_gate(record, ["a"], ["fp16", "int8"])


def test_each_gate_says_what_it_is() -> None:
    assert recorded_gate(DriftRecord("00", (recorded(a=0.01),)), ["a"], ["int8"]).description == (
        "the drift recorded in drift.json less 1 dB (ΔE2000 p99: plus 12%)"
    )
    assert FIXED_GATE.description == "fixed limits (INT8: median 42 dB, worst tile 36 dB)"
    assert CAMERA_GATE.description.startswith(FIXED_GATE.description)
    assert "no drift is recorded for these files" in CAMERA_GATE.description
    assert list(FIXED_GATE.budgets) == ["onnx", "float32", "fp16", "int8"]
