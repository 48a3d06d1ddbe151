"""Float islands, hybrids and int16 by recipe, and what the audit says of them."""

from dataclasses import replace

import pytest

from lwisp_export.errors import ArtifactError
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.quantization_recipe import (
    find_quantization,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.inspect.audit import examine
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite
from tests.export.chain_models import calibration_tiles, float_graph, float_model, psnr_db, run, shipping_form
from tests.export.quantization.prepared_models import UNSEEN, against_float


def test_a_float_operator_is_an_island_that_the_check_knows_by_name() -> None:
    recipe = replace(find_quantization("lwisp"), float_operators=("halves", "joined", "rgb"))
    model = shipping_form(quantize_int8(float_graph(), calibration_tiles(), recipe).pack())
    facts, coverage = inspect_tflite(model), delegate_coverage(model)
    assert "LOGISTIC: halves" in facts.float_islands
    assert (facts.outputs[0].dtype, facts.outputs[0].scale) == ("int8", 1 / 256)
    assert (coverage.partitions, coverage.undelegated) == (1, ())
    check_artifact(model, "int8", recipe.float_operators)
    with pytest.raises(ArtifactError, match="float island LOGISTIC: halves"):
        check_artifact(model, "int8", ("rgb",))
    assert [fault.kind for fault in examine(model).faults] == ["float island"]


@pytest.mark.parametrize(
    ("scheme", "kinds", "least_db"),
    [("dynamic", ["hybrid", "identical inputs"], 45), ("weights", ["stored as int8", "identical inputs"], 55)],
)
def test_hybrids_are_made_and_seen_through(scheme: str, kinds: list[str], least_db: float) -> None:
    model = quantize_int8(float_graph(), calibration_tiles(), find_quantization(scheme)).pack()
    assert [fault.kind for fault in examine(model).faults] == kinds
    assert against_float(model) > least_db
    assert len(model) < 0.3 * len(float_model())


def test_int16_activations_are_not_delegated() -> None:
    model = quantize_int8(float_graph(), calibration_tiles(), find_quantization("int16x8")).pack()
    report = examine(model)
    assert report.work[0].arithmetic == "int16"
    kinds = {fault.kind for fault in report.faults}
    assert kinds == {"float island", "identical inputs", "not delegated", "partitions"}
    assert psnr_db(open_model(model)(UNSEEN[0]), run(float_model(), UNSEEN[0])) > 55
