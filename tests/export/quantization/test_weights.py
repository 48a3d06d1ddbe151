"""Bias correction."""

import numpy as np

from lwisp_export.quantization.quantization_recipe import (
    WeightRules,
)
from lwisp_export.quantization.weights import round_weights
from tests.export.chain_models import calibration_tiles, float_graph, float_model, run


def test_correcting_biases_removes_the_mean_error() -> None:
    truth = np.stack([run(float_model(), t) for t in calibration_tiles()])

    def shift(correct_bias: bool) -> float:
        rounded = round_weights(float_graph(), calibration_tiles(), WeightRules("nearest", correct_bias), ())
        model = rounded.model.pack()
        pictures = np.stack([run(model, t) for t in calibration_tiles()])
        return float(np.abs((pictures - truth).mean(axis=(0, 1, 2))).max())

    assert shift(correct_bias=True) < shift(correct_bias=False) / 2
