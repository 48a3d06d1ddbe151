"""Reading, checking and labelling finished .tflite files, broken ones among them."""

import random

import numpy as np
import pytest

from lwisp_export.errors import ArtifactError
from lwisp_export.student.deploy import deploy_form
from lwisp_export.verification.artifact import Precision, check_artifact
from lwisp_mobile.errors import ModelError
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite, read_metadata
from lwisp_mobile.tflite.graph import Graph, Quantization
from tests.export.chain_models import float_model, fp16_model, int8_model, raw_model, run, shipping_form, student, tile


@pytest.mark.parametrize(("model", "precision"), [(float_model, "float32"), (fp16_model, "fp16"), (int8_model, "int8")])
def test_the_chains_models_may_ship(model: object, precision: Precision) -> None:
    check_artifact(shipping_form(model()), precision)  # type: ignore[operator]


def test_a_student_without_the_last_upsampling_may_ship() -> None:
    check_artifact(shipping_form(float_model("relu", "denoise")), "float32")


def test_every_broken_rule_is_listed() -> None:
    with pytest.raises(ArtifactError) as caught:
        check_artifact(raw_model(), "int8")
    message = str(caught.value)
    for fault in ("5 TRANSPOSE", "9 RESHAPE", "packed is float32 instead of int8", "rgb is float32 instead of int8"):
        assert f"- {fault}" in message


def test_a_form_that_a_backend_refuses_is_listed_with_the_backend_and_the_way_out() -> None:
    with pytest.raises(ArtifactError, match=r"one tensor read twice: SUB \(.*\); refused by LiteRT GPU .*; write"):
        check_artifact(float_model(), "float32")


def test_float_is_no_fp16() -> None:
    with pytest.raises(ArtifactError, match="no weights are stored as float16"):
        check_artifact(float_model(), "fp16")


def test_a_float_island_is_found() -> None:
    graph = Graph.parse(int8_model())
    last = graph.operators[-1]
    assert last.kind == "DEPTH_TO_SPACE"
    # What the quantizer leaves when it has no rule for an operation: float tensors in the middle of int8 ones.
    last.output.table.type, last.output.table.quantization = 0, None
    facts = inspect_tflite(graph.pack())
    assert facts.float_islands == ("DEPTH_TO_SPACE: rgb",)


def test_parameters_and_macs() -> None:
    facts = inspect_tflite(float_model())
    assert facts.parameters == sum(p.numel() for p in deploy_form(student()).parameters()) + 4
    operators = Graph.parse(float_model()).operators
    assert (operators[0].kind, operators[-3].kind) == ("CONV_2D", "CONV_2D")
    assert facts.macs == inspect_tflite(fp16_model()).macs == 111_357_680
    # Splitting the output doubles the last convolution's 12 filters of 4x4x8 and adds 12 of 1x1x24.
    side_px = facts.inputs[0].shape[1]
    assert inspect_tflite(int8_model()).macs - facts.macs == side_px**2 * 12 * (4 * 4 * 8 + 24)


def write_metadata(model: bytes, name: str, data: bytes) -> bytes:
    graph = Graph.parse(model)
    graph.set_metadata(name, data)
    return graph.pack()


def test_metadata_comes_back_and_changes_nothing_else() -> None:
    data = bytes(range(256))
    labelled = write_metadata(int8_model(), "LWISP_CONTRACT", data)
    assert read_metadata(labelled, "LWISP_CONTRACT") == data
    assert read_metadata(labelled, "OTHER") is None
    assert inspect_tflite(labelled) == inspect_tflite(int8_model())
    np.testing.assert_array_equal(run(labelled, tile(5)), run(int8_model(), tile(5)))


def test_metadata_is_replaced_and_deterministic() -> None:
    once = write_metadata(float_model(), "A", b"one")
    twice = write_metadata(write_metadata(once, "B", b""), "A", b"two")
    assert (read_metadata(twice, "A"), read_metadata(twice, "B")) == (b"two", b"")
    assert len(Graph.parse(twice).model.metadata or []) == 2
    assert write_metadata(float_model(), "A", b"one") == once


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"", "has 0 bytes"),
        (b"TFL3", "has 4 bytes"),
        (b"This is a text file, not a model.\n", "Bytes 4 to 8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "Bytes 4 to 8"),
        (b"\xff\xff\xff\x7fTFL3" + bytes(64), "truncated"),
        (b"\x08\x00\x00\x00TFL3" + bytes(64), "corrupt"),
        ("a path, not bytes", "must be given as bytes"),
    ],
)
def test_what_is_no_model_is_named(broken: bytes, words: str) -> None:
    for read in (
        inspect_tflite,
        delegate_coverage,
        lambda m: read_metadata(m, "A"),
        lambda m: write_metadata(m, "A", b""),
    ):
        with pytest.raises(ModelError, match=words):
            read(broken)


def _structure_only() -> bytes:
    """The int8 model with its weights cut off, so that damage hits the structure."""
    graph = Graph.parse(int8_model())
    for buffer in graph.model.buffers:
        buffer.data = None if buffer.data is None else buffer.data[:8]
    return graph.pack()


def test_damaged_models_give_facts_or_a_model_error() -> None:
    model, rng = _structure_only(), random.Random(0)
    damaged = [model[: rng.randrange(len(model))] for _ in range(40)]
    for _ in range(160):
        flipped = bytearray(model)
        flipped[rng.randrange(len(model))] ^= 1 << rng.randrange(8)
        damaged.append(bytes(flipped))
    refused = 0
    for broken in damaged:
        try:
            inspect_tflite(broken)
        except ModelError:
            refused += 1
    assert refused >= 40


def test_a_model_that_xnnpack_refuses_is_an_error_and_no_crash() -> None:
    graph = Graph.parse(int8_model())
    # A tensor with a range of about 0, as an unfloored dead unit gives.
    graph.operators[0].output.set_quantization(Quantization(np.array([1e-12]), np.array([-128])))
    with pytest.raises(ModelError, match="runtime refused the model"):
        delegate_coverage(graph.pack())
