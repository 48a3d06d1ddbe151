"""What a finished graph says of itself: receptive fields, tensors, memory."""

import pytest

from lwisp_export.conversion.graph_contract import GraphContract, describe_graph
from lwisp_export.conversion.signatures import add_signatures
from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.inspect.model_facts import graph_facts
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import float_model, fp16_model, int8_model

STORED_PX = 64
MODELS = {"float32": float_model, "fp16": fp16_model, "int8": int8_model}


def described(precision: str) -> GraphContract:
    return describe_graph(add_signatures(Graph.parse(MODELS[precision]())), STORED_PX)


@pytest.mark.parametrize("precision", MODELS)
def test_the_receptive_fields_are_the_networks(precision: str) -> None:
    graph = described(precision)
    found = {stage.name: (stage.halo_px, stage.multiple_px) for stage in (graph.whole, graph.sample, *graph.stages)}
    assert found == {
        "serving_default": (112, 16),
        "context": (0, 16),
        "descend": (12, 2),
        "down": (16, 4),
        "deep": (32, 8),
        "rise": (28, 8),
        "up": (10, 4),
        "render": (8, 2),
    }
    assert (graph.develop.halo_px, graph.develop.multiple_px) == (112, 8)


def test_tensors_are_named_once_with_their_size() -> None:
    graph = described("int8")
    assert {spec.name: (spec.channels, spec.resolution) for spec in graph.tensors} == {
        "packed": (4, 1),
        "rgb": (3, 2),
        "gate1": (8, 0),
        "gate2": (16, 0),
        "gate3": (32, 0),
        "global_vector": (64, 0),
        "skip2": (16, 0.5),
        "skip3": (32, 0.25),
        "skip4": (64, 0.125),
        "upsampled3": (32, 0.25),
        "upsampled2": (16, 0.5),
    }
    assert len(graph.tensors) == 11
    assert {spec.dtype for spec in graph.tensors} == {"int8"}
    assert all(spec.scale is None for spec in described("fp16").tensors)
    assert isinstance(graph.tensors[0], TensorSpec)


def test_multiply_adds_are_the_graphs_own() -> None:
    model = add_signatures(Graph.parse(int8_model()))
    graph, facts = describe_graph(model, STORED_PX), {s.name: s.macs for s in graph_facts(model).signatures}
    assert graph.develop.macs_per_packed_px == facts["develop"] / STORED_PX**2
    # skip1 is computed twice in stages, which is all that they do more
    assert 0 < sum(s.macs_per_packed_px for s in graph.stages) / graph.develop.macs_per_packed_px - 1 < 0.1


def test_memory_is_counted_in_pointers_features_and_interface() -> None:
    """`deep` by hand, in bytes per px of its own input (64 to a packed px): a pooling, 5x5 and two 3x3 convolutions."""
    graph = described("int8")
    deep = next(stage for stage in graph.stages if stage.name == "deep")
    pointers = 8 * (2 * 2 + 5 * 5 + 2 * 3 * 3) / 64
    skip3, skip4 = 32 / 16, 64 / 64
    assert deep.bytes_per_packed_px - deep.shared_bytes_per_packed_px == pytest.approx(pointers + skip3 + skip4)
    features = deep.shared_bytes_per_packed_px - (skip3 + skip4)
    assert 2 * skip4 <= features <= 5 * skip4
    assert described("fp16").interpreter_bytes > graph.interpreter_bytes > 4_000_000
