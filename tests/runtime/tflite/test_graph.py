"""The typed graph: packed to the bytes it was parsed from, rewritten without touching what it was copied from."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import ai_edge_litert.schema_py_generated as litert
import numpy as np
import pytest

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite import litert_schema
from lwisp_mobile.tflite.elements import Activation, Padding
from lwisp_mobile.tflite.graph import Graph
from lwisp_mobile.tflite.verifier import verify_tflite


@pytest.fixture(scope="module", params=["int8", "fp16"])
def data(request: pytest.FixtureRequest) -> bytes:
    return shipped_bundle().read(request.param)


@pytest.fixture(scope="module")
def int8() -> Graph:
    return Graph.parse(shipped_bundle().read("int8"))


def test_a_shipped_model_is_packed_to_its_own_bytes(data: bytes) -> None:
    assert Graph.parse(data).pack() == data
    assert Graph.parse(data).copy().pack() == data


def test_producers_and_readers_are_each_others(int8: Graph) -> None:
    for operator in int8.operators:
        assert int8.producer(operator.output) == operator
        assert all(operator in int8.readers(tensor) for tensor in operator.inputs)
    assert int8.producer(int8.inputs[0]) is None
    assert int8.readers(int8.outputs[0]) == ()


def test_tensors_are_read_with_type_shape_grid_and_values(int8: Graph) -> None:
    convolution = int8.operators[0]
    source, weights, bias = convolution.inputs
    assert (source.name, source.dtype, source.is_constant) == ("packed", "int8", False)
    assert (weights.dtype, bias.dtype) == ("int8", "int32")
    assert weights.values().shape == weights.shape == (len(bias.values()), 3, 3, 4)
    grid = weights.quantization
    assert grid is not None
    assert grid.scales.shape == grid.zero_points.shape == bias.shape
    with pytest.raises(ModelError, match="packed is computed"):
        source.values()


def test_an_option_that_an_operator_lacks_is_named(int8: Graph) -> None:
    with pytest.raises(ModelError, match="CONV_2D has no option blockSize"):
        _ = int8.operators[0].block_size


def _change_weights(graph: Graph) -> None:
    weights = graph.operators[0].weights
    graph.set_constant([weights], weights.values() // 2)


def _change_options(graph: Graph) -> None:
    graph.operators[0].activation = Activation.NONE


def _change_metadata(graph: Graph) -> None:
    graph.set_metadata("LWISP_CONTRACT", b"{}")


@pytest.mark.parametrize(
    "change",
    [
        _change_weights,
        _change_options,
        _change_metadata,
        Graph.isolate,
        Graph.unshare_buffers,
        lambda graph: graph.remove(graph.operators[3]),
        lambda graph: graph.add_tensor("spare", (1, 2), np.zeros((1, 2))),
        lambda graph: graph.inputs[0].set_shape((1, 16, 16, 4)),
    ],
)
def test_a_copy_is_changed_by_itself(int8: Graph, change: Callable[[Graph], object]) -> None:
    before, changed = int8.pack(), int8.copy()
    change(changed)
    assert changed.pack() != before
    assert int8.pack() == before


def test_new_values_leave_a_tensor_that_shared_the_old_ones() -> None:
    graph = _sum_of_a_constant_and_itself()
    first, second = graph.operators[0].inputs
    graph.share_buffers()
    assert first.buffer == second.buffer
    graph.set_constant([second], np.array([[5.0, 6.0, 7.0]]))
    assert first.values().tolist() == [1.0, 2.0]
    assert (second.values().tolist(), second.shape) == ([[5.0, 6.0, 7.0]], (1, 3))


def test_buffers_are_shared_and_unshared() -> None:
    graph = _sum_of_a_constant_and_itself()
    graph.share_buffers()
    assert len(graph.model.buffers) == 2
    graph.unshare_buffers()
    assert len({tensor.buffer for tensor in graph.operators[0].inputs}) == 2


def _sum_of_a_constant_and_itself() -> Graph:
    graph = Graph.empty()
    one, other = (graph.add_tensor("c", [2], np.array([1.0, 2.0])) for _ in range(2))
    result = graph.add_tensor("joined", [4])
    graph.append(graph.make_operator("CONCATENATION", [one, other], [result], {"axis": 0}))
    graph.set_interface([], [result])
    return graph


def test_unused_tensors_and_kinds_are_dropped_and_the_rest_still_runs_alike() -> None:
    graph = _sum_of_a_constant_and_itself()
    graph.add_tensor("spare", [1])
    unused = graph.add_tensor("unused", [4])
    rounding = graph.make_operator("FAKE_QUANT", [graph.outputs[0]], [unused], {"numBits": 8}, 2)
    graph.insert_after(graph.operators[0], rounding)
    graph.remove(rounding)
    graph.drop_unused()
    assert [tensor.name for tensor in graph.tensors] == ["c", "c_", "joined"]
    assert len(graph.model.operatorCodes) == 1
    (join,) = Graph.parse(graph.pack()).operators
    assert [tensor.name for tensor in join.inputs] == ["c", "c_"]


def test_readers_results_and_signatures_take_the_tensor_that_replaces_another() -> None:
    graph = _sum_of_a_constant_and_itself()
    (result,) = graph.outputs
    graph.add_signature("main", {}, {"y": result})
    rounded = graph.add_tensor("rounded", [4])
    graph.replace_tensor(result, rounded)
    graph.append(graph.make_operator("FAKE_QUANT", [result], [rounded], {"numBits": 8}, 2))
    assert graph.outputs == (rounded,)
    assert graph.signatures[0].outputs == {"y": rounded}
    assert [operator.kind for operator in graph.operators] == ["CONCATENATION", "FAKE_QUANT"]


def test_both_readers_refuse_a_number_that_names_nothing_in_the_same_words(int8: Graph) -> None:
    broken = int8.copy()
    broken.tensors[3].table.buffer = 99_999
    data, messages = broken.pack(), []
    for read in (verify_tflite, Graph.parse):
        with pytest.raises(ModelError, match="buffer 99999 of") as raised:
            read(data)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def typed_attributes() -> dict[str, list[str]]:
    """Attributes by class, as the type checker's part of the schema declares them."""
    source = Path(inspect.getfile(litert_schema)).read_text(encoding="utf-8")
    blocks = re.split(r"^    class (\w+):$", source.partition("\nelse:")[0], flags=re.MULTILINE)[1:]
    return {name: re.findall(r"^        (\w+): ", body, re.MULTILINE) for name, body in zip(blocks[::2], blocks[1::2])}


@pytest.mark.parametrize(("name", "attributes"), [item for item in typed_attributes().items() if item[1]])
def test_the_types_are_litert_s(name: str, attributes: list[str]) -> None:
    assert set(attributes) <= vars(getattr(litert, name)()).keys()


def test_numbers_are_the_schemas() -> None:
    assert {member.name: member.value for member in Padding} == {
        "SAME": litert.Padding.SAME,
        "VALID": litert.Padding.VALID,
    }
    for member in Activation:
        assert getattr(litert.ActivationFunctionType, member.name) == member.value


def test_handles_of_copies_are_of_the_copies(int8: Graph) -> None:
    changed = int8.copy()
    assert changed.operators[0] != int8.operators[0]
    assert changed.operators[0] == changed.operators[0]
    assert len({*changed.operators, *changed.operators}) == len(changed.operators)
