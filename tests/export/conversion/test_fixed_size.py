"""One signature at one size computes what the whole model does at that size."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.conversion.fixed_size import fix_size
from lwisp_export.errors import ConversionError
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.tflite.graph import Graph


@pytest.fixture(scope="module")
def shipped() -> bytes:
    return shipped_bundle("lwisp-lite").read("int8")


def test_the_picture_is_the_same(shipped: bytes) -> None:
    fixed = fix_size(Graph.parse(shipped), 64).pack()
    assert len(fixed) < len(shipped)
    packed = np.random.default_rng(0).integers(-128, 128, (1, 64, 64, 4)).astype(np.int8)
    pictures = [
        Interpreter(model_content=model).get_signature_runner("serving_default")(packed=packed)["rgb"]
        for model in (fixed, shipped)
    ]
    assert pictures[0].shape == (1, 128, 128, 3)
    np.testing.assert_array_equal(*pictures)


def test_it_has_one_signature_and_is_at_its_size(shipped: bytes) -> None:
    fixed = Interpreter(model_content=fix_size(Graph.parse(shipped), 48).pack())
    assert list(fixed.get_signature_list()) == ["serving_default"]
    assert fixed.get_input_details()[0]["shape"].tolist() == [1, 48, 48, 4]
    fixed.allocate_tensors()
    assert fixed.get_output_details()[0]["shape"].tolist() == [1, 96, 96, 3]


def test_a_size_that_no_layer_follows_is_refused(shipped: bytes) -> None:
    with pytest.raises(ConversionError, match="no whole number at 40 px"):
        fix_size(Graph.parse(shipped), 40)
