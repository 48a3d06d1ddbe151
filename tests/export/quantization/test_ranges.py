"""Ranges are measured on what a run writes."""

import numpy as np

from lwisp_export.quantization.ranges import Range, measure_ranges
from lwisp_export.quantization.scales import same_scale_groups, settle_ranges
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import float_graph, fp16_model, skip_graph, tile


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


def test_features_joined_to_the_input_have_its_range() -> None:
    graph = skip_graph()
    (joined,) = (group for group in same_scale_groups(graph) if not group.isdisjoint(graph.inputs))
    assert len(joined) == 5  # and c9, its product with c0, and both joins
    measured = measure_ranges(graph, [tile(1, planes=5)])
    ranges = settle_ranges(graph, {name: Range(found.low, 1.1 * found.high) for name, found in measured.items()})
    assert {ranges[tensor.name] for tensor in joined} == {Range(0.0, 1.0)}
