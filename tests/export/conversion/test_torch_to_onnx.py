"""From torch to ONNX."""

import re

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from lwisp_export.conversion.torch_to_onnx import crd_to_dcr, reorder_depth_to_space
from lwisp_export.errors import ConversionError
from tests.export.chain_models import develop, export, onnx_model, student, tile


def _dcr(x: np.ndarray, block: int = 2) -> np.ndarray:
    """ONNX's definition of DepthToSpace in DCR order. x: (C, h, w)."""
    channels, height, width = x.shape
    blocks = x.reshape(block, block, channels // block**2, height, width)
    return blocks.transpose(2, 3, 0, 4, 1).reshape(-1, height * block, width * block)


def _small_graph(*extra: onnx.NodeProto, first: str = "Conv") -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    before = {
        "Conv": helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv"),
        "Neg": helper.make_node("Neg", ["x"], ["c"], name="neg"),
    }[first]
    shuffle = helper.make_node("DepthToSpace", ["c"], ["y"], name="shuffle", blocksize=2, mode="CRD")
    weights = [
        onnx.numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)
        for name, shape in {"w": (8, 4, 1, 1), "b": (8,)}.items()
    ]
    io = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    return helper.make_model(helper.make_graph([before, shuffle, *extra], "g", io[:1], io[1:], weights))


def test_onnx_gives_torch_numbers() -> None:
    session = onnxruntime.InferenceSession(onnx_model(), providers=["CPUExecutionProvider"])
    packed = tile(3)
    (rgb,) = session.run(["rgb"], {"packed": packed.transpose(2, 0, 1)[None]})
    assert rgb.shape == (1, 3, 128, 128)
    np.testing.assert_allclose(rgb[0].transpose(1, 2, 0), develop(student(), packed), atol=1e-5)


def test_all_depth_to_space_are_dcr() -> None:
    nodes = onnx.load_from_string(onnx_model()).graph.node
    modes = [a.s for node in nodes if node.op_type == "DepthToSpace" for a in node.attribute if a.name == "mode"]
    assert modes == [b"DCR"] * 8


def test_reordered_filters_give_pixel_shuffle_and_the_old_order_does_not() -> None:
    maps = np.random.default_rng(1).random((12, 3, 5)).astype(np.float32)
    wanted = torch.pixel_shuffle(torch.from_numpy(maps)[None], 2)[0].numpy()
    np.testing.assert_array_equal(_dcr(crd_to_dcr(maps, 2)), wanted)
    assert np.abs(_dcr(maps) - wanted).max() > 0.1


def test_a_shared_block_is_reordered_once() -> None:
    model = onnx.load_from_string(onnx_model())
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}["u1.expand.0.weight"]
    readers = [node for node in model.graph.node if "u1.expand.0.weight" in node.input]
    assert len(readers) == 2
    np.testing.assert_array_equal(stored, crd_to_dcr(student().u1.expand[0].weight.detach().numpy(), 2))


def test_equal_weights_give_equal_bytes_and_the_student_stays_as_it_was() -> None:
    made = student()
    before = {name: values.clone() for name, values in made.state_dict().items()}
    made.train()
    again = export(made)
    assert made.training
    made.eval()
    assert again == onnx_model()
    assert all(torch.equal(values, before[name]) for name, values in made.state_dict().items())


def test_no_paths_traces_or_versions() -> None:
    text = onnx_model()
    for trace in (rb"stack_trace", rb"\.py\b", rb"site-packages", rb"/home", torch.__version__.encode()):
        assert not re.search(trace, text), trace


def test_depth_to_space_without_a_convolution_is_refused() -> None:
    with pytest.raises(ConversionError, match="shuffle follows Neg"):
        reorder_depth_to_space(_small_graph(first="Neg"))


def test_depth_to_space_beside_another_reader_is_refused() -> None:
    with pytest.raises(ConversionError, match="conv feeds a DepthToSpace and something else"):
        reorder_depth_to_space(_small_graph(helper.make_node("Neg", ["c"], ["z"], name="other")))
