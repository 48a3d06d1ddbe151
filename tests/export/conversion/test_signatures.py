"""Signatures cut out of the finished graph: the same bits, shared weights, counted reach."""

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.conversion.signatures import CUTS, STAGES, add_signatures, find_cut_tensors
from lwisp_export.errors import ArtifactError, ConversionError
from lwisp_export.student.network import Context
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.errors import ModelError
from lwisp_mobile.inspect.model_facts import inspect_tflite, signature_coverage
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import float_graph, float_model, fp16_model, int8_model, shipping_form, student, tile

MODELS = {"float32": float_model, "fp16": fp16_model, "int8": int8_model}


def call(model: bytes, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    runner = Interpreter(model_content=model, num_threads=1).get_signature_runner(signature)
    found: dict[str, np.ndarray] = runner(**inputs)
    return found


def codes(precision: str, seed: int, height: int = 64, width: int = 64) -> np.ndarray:
    values = tile(seed, height, width)[None]
    return np.rint(values * 255 - 128).astype(np.int8) if precision == "int8" else values


@pytest.fixture(scope="module", params=MODELS)
def precision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def cut(precision: str) -> bytes:
    return add_signatures(Graph.parse(shipping_form(MODELS[precision]()))).pack()


def test_context_and_develop_are_the_whole_model_bit_for_bit(precision: str, cut: bytes) -> None:
    packed = codes(precision, 2, 96, 48)
    context = call(cut, "context", packed=packed)
    assert list(context) == ["gate1", "gate2", "gate3", "global_vector"]
    picture = call(cut, "develop", packed=packed, **context)["rgb"]
    assert np.array_equal(picture, call(MODELS[precision](), "serving_default", packed=packed)["rgb"])
    assert np.array_equal(picture, call(cut, "serving_default", packed=packed)["rgb"])


def test_the_stages_are_develop_bit_for_bit(precision: str, cut: bytes) -> None:
    packed, context = codes(precision, 3), call(cut, "context", packed=codes(precision, 6))
    known = {"packed": packed, **context}
    for stage in STAGES:
        known |= call(cut, stage.signature, **{name: known[name] for name in stage.inputs})
    assert np.array_equal(known["rgb"], call(cut, "develop", packed=packed, **context)["rgb"])


def test_another_frames_context_changes_the_picture(precision: str, cut: bytes) -> None:
    packed = codes(precision, 3)
    pictures = [
        call(cut, "develop", packed=packed, **call(cut, "context", packed=codes(precision, seed)))["rgb"]
        for seed in (3, 4)
    ]
    assert not np.array_equal(*pictures)


def test_the_context_is_torchs() -> None:
    packed = tile(5)
    with torch.no_grad():
        expected = student().context(torch.from_numpy(packed).permute(2, 0, 1)[None])
    found = call(add_signatures(float_graph()).pack(), "context", packed=packed[None])
    names = [name for name in Context._fields if name != "gate4"]
    assert list(found) == names
    for name in names:
        assert found[name].ravel() == pytest.approx(getattr(expected, name).numpy().ravel(), abs=1e-5)


def test_the_file_holds_the_weights_once(precision: str, cut: bytes) -> None:
    whole = shipping_form(MODELS[precision]())
    assert len(Graph.parse(cut).model.buffers) == len(Graph.parse(whole).model.buffers)
    assert inspect_tflite(cut).parameters == inspect_tflite(whole).parameters


def test_every_signature_is_one_partition_and_may_ship(precision: str, cut: bytes) -> None:
    coverage = signature_coverage(cut)
    assert list(coverage) == ["serving_default", *(found.signature for found in CUTS)]
    assert all(found.undelegated == () and found.partitions == 1 for found in coverage.values())
    assert [found.operations for found in inspect_tflite(cut).signatures] == [c.total_nodes for c in coverage.values()]
    check_artifact(cut, precision)  # type: ignore[arg-type]


def test_a_signature_that_xnnpack_does_not_run_whole_is_named() -> None:
    graph = add_signatures(float_graph())
    deep = next(subgraph for subgraph in graph.subgraphs if subgraph.name == "deep")
    convolution = next(operator for operator in deep.operators if operator.kind == "CONV_2D")
    vars(convolution.table.builtinOptions)["fusedActivationFunction"] = 4  # TANH
    with pytest.raises((ArtifactError, ModelError), match=r"deep: XNNPACK runs|refused"):
        check_artifact(graph.pack(), "float32")


def test_equal_models_give_equal_bytes() -> None:
    whole = Graph.parse(int8_model())
    assert add_signatures(whole).pack() == add_signatures(whole).pack()
    assert whole.pack() == int8_model()


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        ("LOGISTIC", "Image-wide tensors are made by"),
        ("MAX_POOL_2D", "No feature skip1"),
        ("CONCATENATION", "No feature"),
    ],
)
def test_a_graph_of_another_form_is_named(operator: str, message: str) -> None:
    graph = float_graph().copy()
    codes_of = {found.kind: found.table.opcodeIndex for found in graph.operators}
    for found in graph.operators:
        if found.kind == operator:
            found.table.opcodeIndex = codes_of["ADD"]
    with pytest.raises(ConversionError, match=message):
        find_cut_tensors(graph)


def test_signatures_are_added_once() -> None:
    with pytest.raises(ConversionError, match=r"\d subgraphs instead of 1"):
        add_signatures(add_signatures(float_graph()))


def test_a_denoising_student_has_the_same_parts() -> None:
    model = add_signatures(float_graph("relu", "denoise")).pack()
    packed = tile(1, planes=3)[None]
    context = call(model, "context", packed=packed)
    picture = call(model, "develop", packed=packed, **context)["rgb"]
    assert np.array_equal(picture, call(model, "serving_default", packed=packed)["rgb"])
