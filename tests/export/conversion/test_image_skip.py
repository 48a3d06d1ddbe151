"""A student with a noise plane and an image skip through the export chain."""

import functools

import numpy as np
import pytest

from lwisp_export.conversion.broadcast import multiply_by_zero
from lwisp_export.conversion.graph_cleanup import clean_float_model
from lwisp_export.conversion.graph_contract import describe_graph
from lwisp_export.conversion.signatures import STAGES, add_signatures
from lwisp_export.errors import ConversionError
from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.quantization.quantizer import quantize_fp16, quantize_int8
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import (
    convert,
    develop,
    export,
    psnr_db,
    run,
    skip_graph,
    skip_raw_model,
    skip_student,
    tile,
)
from tests.export.conversion.test_signatures import call

PLANES = 5
STORED_PX = 64


@functools.cache
def int8_graph() -> Graph:
    return quantize_int8(skip_graph(), [tile(seed, planes=PLANES) for seed in range(4)])


GRAPHS = {"float32": skip_graph, "fp16": lambda: quantize_fp16(skip_graph()), "int8": int8_graph}


@pytest.fixture(scope="module", params=GRAPHS)
def precision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def cut(precision: str) -> bytes:
    return add_signatures(multiply_by_zero(GRAPHS[precision]())).pack()


@pytest.mark.parametrize("size", [(64, 64), (96, 48)])
def test_the_float_model_gives_torchs_picture_of_any_size(size: tuple[int, int]) -> None:
    packed = tile(3, *size, planes=PLANES)
    found, expected = run(skip_graph().pack(), packed), develop(skip_student(), packed)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found.min(), found.max()) == (0, 1)
    assert 0.02 < (found == 1).mean() < 0.3


def test_int8_is_near_float() -> None:
    packed = tile(3, planes=PLANES)
    assert psnr_db(run(int8_graph().pack(), packed), run(skip_graph().pack(), packed)) > 30
    assert all(operator.kind != "MINIMUM" for operator in int8_graph().operators)


def test_every_precision_may_ship(precision: str, cut: bytes) -> None:
    check_artifact(cut, precision)  # type: ignore[arg-type]


def test_the_stages_are_the_whole_bit_for_bit(precision: str, cut: bytes) -> None:
    values = tile(3, planes=PLANES)[None]
    packed = np.rint(values * 255 - 128).astype(np.int8) if precision == "int8" else values
    known = {"packed": packed, **call(cut, "context", packed=packed)}
    for stage in STAGES:
        known |= call(cut, stage.signature, **{name: known[name] for name in stage.inputs})
    assert np.array_equal(known["rgb"], call(cut, "serving_default", packed=packed)["rgb"])


def test_render_sees_as_far_as_before() -> None:
    """The skip reaches 1 packed px, the way through c0 and c1 already 8."""
    graph = describe_graph(add_signatures(skip_graph()), STORED_PX)
    assert (graph.stages[-1].name, graph.stages[-1].halo_px, graph.whole.halo_px) == ("render", 8, 112)
    assert next(spec.channels for spec in graph.tensors if spec.name == "packed") == PLANES


def test_the_narrowest_student_goes_the_same_way() -> None:
    """Its first gate has a single unit, its widest feature 64 channels."""
    student, packed = skip_student(4), tile(3, planes=PLANES)
    graph = clean_float_model(Graph.parse(convert(export(student))))
    picture = develop(student, packed)
    np.testing.assert_allclose(run(graph.pack(), packed), picture, atol=1e-5)
    tiles = [tile(seed, planes=PLANES) for seed in range(4)]
    int8 = add_signatures(multiply_by_zero(quantize_int8(graph, tiles, find_quantization("plain")))).pack()
    check_artifact(int8, "int8")
    assert psnr_db(run(int8, packed), picture) > 30


def test_a_clip_elsewhere_is_named() -> None:
    graph = Graph.parse(skip_raw_model())
    clip = next(operator for operator in graph.operators if operator.kind == "RELU_0_TO_1")
    clip.set_inputs(graph.inputs)
    with pytest.raises(ConversionError, match="RELU_0_TO_1 follows no sum"):
        clean_float_model(graph)
