"""`lwisp convert`: a checkpoint of another size, somebody else's ONNX, and what is neither."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from lwisp_bench.studies.networks.pynet import MultiConv
from lwisp_bench.studies.networks.write_pynet import write_onnx
from lwisp_export.conversion.convert import ConvertOptions, convert_network
from lwisp_export.conversion.equivalence import Reference, compare_sizes
from lwisp_export.conversion.first_difference import first_difference
from lwisp_export.conversion.onnx_preparation import prepare_onnx
from lwisp_export.conversion.onnx_to_tflite import trace_converter
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.progress import silent
from tests.export.conversion.restoration_networks import NETWORKS
from tests.export.conversion.test_network_matrix import exported

SIDE_PX = 32


def test_a_checkpoint_of_another_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "lwisp", "-o", str(tmp_path), "--size", str(SIDE_PX), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    facts = inspect_tflite(Path(done["tflite"]).read_bytes())
    assert (facts.inputs[0].shape, facts.outputs[0].shape) == ((1, 32, 32, 4), (1, 64, 64, 3))
    assert done["parameters"] == 2_009_193
    assert done["macs"] == pytest.approx(5.2031e9 * (SIDE_PX / 224) ** 2, rel=1e-3)
    assert Path(done["onnx"]).is_file()


@pytest.mark.slow
def test_a_peers_block_keeps_its_channels_last(tmp_path: Path) -> None:
    onnx = tmp_path / "block.onnx"
    block = torch.nn.Sequential(MultiConv(4, 8, 5, norm=True), torch.nn.Conv2d(16, 3, 3, padding=1), torch.nn.Sigmoid())
    write_onnx(block, onnx, SIDE_PX)
    done = convert_network(onnx, tmp_path / "out", ConvertOptions(), silent)
    facts = inspect_tflite(done.tflite.read_bytes())
    assert (facts.count("CONV_2D"), facts.count("TRANSPOSE")) == (5, 0)
    assert (done.parameters, done.macs) == (None, None)
    assert done.faults == ()


def write_identity(path: Path, *, spatial: tuple[int | str, int | str] = (8, 8), data: bool = False) -> Path:
    """An ONNX that adds a constant to a picture; data: the constant in a file beside it."""
    shape = [1, 3, *spatial]
    interface = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    one = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "one")
    graph = helper.make_graph([helper.make_node("Add", ["x", "one"], ["y"])], "g", interface[:1], interface[1:], [one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = {"location": "weights.bin", "size_threshold": 0} if data else {}
    onnx.save_model(model, path, save_as_external_data=data, **options)
    return path


def test_weights_in_another_file_come_along(tmp_path: Path) -> None:
    source = write_identity(tmp_path / "add.onnx", data=True)
    done = convert_network(source, tmp_path / "out", ConvertOptions(size_px=(16, 24)), silent)
    assert (done.inputs[0].shape, done.inputs[0].layout) == ((1, 16, 24, 3), "NHWC")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["add.float32.tflite", "add.onnx"]
    Reference(onnx.load(done.onnx))  # whole without the data file
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(UsageError, match=r"has weights in weights.bin, which isn't beside it"):
        convert_network(source, tmp_path / "out", ConvertOptions(), silent)


@pytest.mark.slow
def test_opset_9_layouts_and_open_sizes(tmp_path: Path) -> None:
    network = next(network for network in NETWORKS if network.name == "bilinear")
    source = exported(network, tmp_path / "old.onnx", dynamo=False, opset=9)
    assert convert_network(source, tmp_path / "out", ConvertOptions(), silent).faults == ()
    source = write_identity(tmp_path / "open.onnx", spatial=("h", "w"))
    done = convert_network(source, tmp_path / "open", ConvertOptions(layout="nchw"), silent)
    assert (done.outputs[0].shape, done.outputs[0].layout, done.faults) == ((1, 3, 128, 128), "NCHW", ())


@pytest.mark.slow
def test_a_pt2_is_converted(tmp_path: Path) -> None:
    program = torch.export.export(torch.nn.Conv2d(3, 3, 3, padding=1), (torch.rand(1, 3, 16, 16),))
    torch.export.save(program, tmp_path / "conv.pt2")
    assert convert_network(tmp_path / "conv.pt2", tmp_path / "out", ConvertOptions(), silent).faults == ()


def test_a_model_that_computes_something_else_is_found_with_the_operator(tmp_path: Path) -> None:
    model = onnx.load(write_identity(tmp_path / "add.onnx"))
    other = onnx.load(write_identity(tmp_path / "other.onnx"))
    other.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full((1, 3, 1, 1), 1.01, np.float32), "one"))
    prepared = prepare_onnx(other, "nhwc")
    onnx.save(prepared, tmp_path / "prepared.onnx")
    traced = trace_converter(tmp_path / "prepared.onnx", silent, ["x"])
    check, difference = next(iter(compare_sizes(model, traced.model, "nhwc")))
    assert not check.equal
    assert difference is not None
    assert "y differs by 0.01" in difference.message
    assert first_difference(prepare_onnx(model, "nhwc"), traced, difference.arrays, "nhwc") == "Add (y_nchw)"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.onnx", b"", "is empty"),
        ("a.onnx", b"version https://git-lfs.example/spec/v1\noid sha256:0\n", "is a git-lfs pointer"),
        ("a.onnx", b"hello", "isn't an ONNX model"),
        ("a.pt2", b"hello", "can't be read as a .pt2"),
        ("a.pth", b"x", "is a pickle"),
        ("a.txt", b"x", "is none of"),
    ],
)
def test_what_is_no_network_is_named_and_leaves_nothing(
    name: str, content: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert main(["convert", str(tmp_path / name), "-o", str(tmp_path / "out")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["lwisp", "--size", "100"], "a multiple of 16"),
        (["nobody"], "is none of .safetensors"),
        (["missing.onnx"], "There is no"),
        (["missing.safetensors"], "There is no"),
        (["missing.onnx", "--size", "0"], "neither a side"),
        (["missing.onnx", "--shape", "x"], "isn't NAME="),
    ],
)
def test_wrong_use_is_named(words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", *words, "-o", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
