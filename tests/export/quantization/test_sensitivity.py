"""Simulated int8, and each tensor's share of the error."""

import numpy as np
import pytest

from lwisp_export.quantization.sensitivity import measure_sensitivity, parts_of
from lwisp_export.quantization.simulate import simulate
from tests.export.chain_models import float_model, int8_model, run, tile
from tests.export.quantization.prepared_models import against_float, prepared


def test_the_simulation_is_near_the_int8_model() -> None:
    weights = [name for part in parts_of(prepared()) if part.kind == "weights" for name in part.tensors]
    everything = simulate(prepared(), activations=prepared().ranges, weights=weights).pack()
    assert against_float(everything) == pytest.approx(against_float(int8_model()), abs=0.3)
    assert against_float(simulate(prepared()).pack()) > 100


def test_sensitivities_add_up_to_the_whole() -> None:
    found = measure_sensitivity(prepared(), [tile(20, 32, 32)])
    assert [s.mse for s in found] == sorted((s.mse for s in found), reverse=True)
    assert sum(s.share for s in found) == pytest.approx(1)
    reference, whole = run(float_model(), tile(20, 32, 32)), run(int8_model(), tile(20, 32, 32))
    assert sum(s.mse for s in found) == pytest.approx(np.mean((whole - reference) ** 2), rel=0.5)
    assert {s.part.kind for s in found} == {"activations", "weights"}
