"""Ranges are measured on what a run writes."""

import numpy as np

from lwisp_export.quantization.ranges import measure_ranges
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import float_graph, fp16_model, tile


def test_float16_weights_have_no_ranges_and_change_none() -> None:
    """The engine leaves the tensors they would be dequantised to unwritten: whatever was in memory before."""
    half = measure_ranges(Graph.parse(fp16_model()), [tile(1)])
    single = measure_ranges(float_graph(), [tile(1)])
    assert not any(name.endswith("_dequant") for name in half)
    activations = half.keys() & single.keys()
    assert len(activations) > 100
    for name in activations:
        width = single[name].high - single[name].low
        np.testing.assert_allclose(
            [half[name].low, half[name].high], [single[name].low, single[name].high], atol=0.02 * width + 1e-6
        )
