"""Models made heavier by known amounts, or reordered, that compute the same."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_bench.studies.heavier import heavier, pairs, primary, reordered
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.tflite.graph import Graph
from tests.bench.small_models import add_model


@pytest.fixture(scope="module")
def student() -> bytes:
    return shipped_bundle().read("int8")


def outputs(model: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=model, num_threads=1)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, (1, 16, 16, 4))
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, np.random.default_rng(0).integers(-128, 128, (1, 16, 16, 4)).astype(np.int8))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_heavier_model_costs_what_it_says_and_computes_the_same(student: bytes, place: int) -> None:
    graph = Graph.parse(student)
    pair = pairs(graph)[place]
    models = (primary(graph), heavier(graph, 0.08, pair), reordered(graph, pair, 1))
    base, heavy, other = (model.pack() for model in models)
    macs = inspect_tflite(base).macs
    assert inspect_tflite(heavy).macs / macs == pytest.approx(1.08, abs=0.005)
    assert inspect_tflite(other).macs == macs
    assert other != base
    assert all(np.array_equal(outputs(model), outputs(student)) for model in (base, heavy, other))


def test_a_share_under_one_channel_is_refused(student: bytes) -> None:
    with pytest.raises(UsageError, match="One channel costs more"):
        heavier(Graph.parse(student), 0.0001, pairs(Graph.parse(student))[0])


def test_a_model_without_such_places_has_none() -> None:
    assert pairs(Graph.parse(add_model("int8", (1, 4)))) == ()
