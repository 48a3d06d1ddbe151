"""x - x as x * 0: the same bits, no operator with identical inputs."""

import numpy as np
import pytest

from lwisp_export.conversion.broadcast import multiply_by_zero
from lwisp_export.conversion.graph_contract import describe_graph
from lwisp_export.conversion.signatures import add_signatures
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import float_model, fp16_model, int8_model, run, skip_graph, tile

MODELS = {
    "float32": float_model,
    "fp16": fp16_model,
    "int8": int8_model,
    "skip": lambda: skip_graph().pack(),
    "skip int8": lambda: quantize_int8(skip_graph(), [tile(seed, planes=5) for seed in range(4)]).pack(),
}


def repeated_inputs(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators if len({*operator.inputs}) < len(operator.inputs)]


@pytest.mark.parametrize("name", MODELS)
def test_the_picture_keeps_every_bit(name: str) -> None:
    before = Graph.parse(MODELS[name]())
    after = multiply_by_zero(before)
    assert repeated_inputs(before) == ["SUB"]
    assert repeated_inputs(after) == []
    assert len(after.operators) == len(before.operators)
    for seed in range(3):
        packed = tile(seed, 64, 48, planes=before.inputs[0].shape[-1])
        assert np.array_equal(run(before.pack(), packed), run(after.pack(), packed))


def test_a_value_that_is_no_number_still_reaches_the_picture() -> None:
    packed = tile(0)
    packed[5, 5, 0] = np.nan
    for model in (float_model(), multiply_by_zero(Graph.parse(float_model())).pack()):
        assert np.isnan(run(model, packed)).any()


@pytest.mark.parametrize("name", ["float32", "int8"])
def test_the_contract_is_the_same(name: str) -> None:
    graph = Graph.parse(MODELS[name]())
    before, after = (describe_graph(add_signatures(model), 64) for model in (graph, multiply_by_zero(graph)))
    assert (before.whole, before.stages) == (after.whole, after.stages)
