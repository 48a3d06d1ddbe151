"""`lwisp bench paper`: PyNET's published cost, its convertible form, and a table from real runs of small stand-ins."""

import json
from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.cli.paper import table
from lwisp_bench.errors import PeerError
from lwisp_bench.studies.one_conv import one_conv_macs, one_conv_model
from lwisp_bench.studies.paper import contestants as gathering
from lwisp_bench.studies.paper.contestants import PYNET, Contestant
from lwisp_bench.studies.paper.measuring import PaperReport, measure_paper
from lwisp_bench.suite.subjects import file_subject
from lwisp_mobile.cli.main import main
from lwisp_mobile.serialize.from_dict import from_dict
from tests.bench.other_models import add_model

torch = pytest.importorskip("torch")
pynet = pytest.importorskip("lwisp_bench.studies.peers.pynet")

SIDE_PX = 32


@pytest.fixture(scope="module")
def unreal():
    """PyNET without weights in memory."""
    with torch.device("meta"):
        return pynet.PyNet()


def test_pynet_has_the_published_cost(unreal) -> None:
    packed = torch.zeros(1, 4, 224, 224, device="meta")
    assert pynet.count_parameters(unreal) == pynet.PARAMETERS == 47_554_738
    # 342.5 G is published for everything; these are its convolutions.
    assert pynet.count_macs(lambda: unreal(packed), unreal) / 1e9 == pytest.approx(342.5, rel=0.002)
    assert unreal(packed).shape == (1, 3, 448, 448)


def test_the_norm_is_torchs() -> None:
    torch.manual_seed(0)
    x = 3 * torch.randn(2, 5, 8, 6) + 1
    mine, theirs = pynet.InstanceNorm(5), torch.nn.InstanceNorm2d(5, affine=True)
    scale, shift = torch.rand(5), torch.rand(5)
    with torch.no_grad():
        mine.scale.copy_(scale.view(1, -1, 1, 1))
        mine.shift.copy_(shift.view(1, -1, 1, 1))
        theirs.weight.copy_(scale)
        theirs.bias.copy_(shift)
        assert torch.allclose(mine(x), theirs(x), atol=1e-5)


def test_a_block_has_a_branch_per_kernel() -> None:
    block = pynet.MultiConv(4, 8, 9, norm=True)
    assert block(torch.zeros(1, 4, 16, 16)).shape == (1, 32, 16, 16)
    kernels = [module.kernel_size[0] for module in block.modules() if isinstance(module, torch.nn.Conv2d)]
    assert kernels == [3, 3, 5, 5, 7, 7, 9, 9]


def test_the_finest_level_sees_every_level(unreal) -> None:
    torch.manual_seed(0)
    network = pynet._Level1()
    below = [torch.zeros(1, 32, 16, 16, requires_grad=True) for _ in range(2)]
    encoded = torch.rand(1, 32, 16, 16)
    network(encoded, below).sum().backward()
    assert all(entry.grad is not None and entry.grad.abs().sum() > 0 for entry in below)


@pytest.fixture
def small_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Instead of minutes of conversion: a large convolution as PyNET, a small one as the student, real ONNX files."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    shape = [1, 4, SIDE_PX, SIDE_PX]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [value("x", 1, shape)], [value("y", 1, shape)]
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "m.onnx")

    def made(name: str, side_px: int) -> gathering._Made:
        (tmp_path / f"{name}.tflite").write_bytes(one_conv_model(side_px))
        files = str(tmp_path / "m.onnx"), str(tmp_path / f"{name}.tflite")
        return gathering._Made(name, *files, 47_554_738, one_conv_macs(side_px))

    monkeypatch.setattr(gathering, "_pynet", lambda choice, step: made("pynet", 64))
    monkeypatch.setattr(gathering, "_student", lambda source, choice, step: made("student", 8))
    return tmp_path


def test_the_command_and_its_table(small_peer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = small_peer / "other.tflite"
    other.write_bytes(add_model("uint8", (1, 8, 8, 4)))
    command = ["bench", "paper", str(other), "--size", str(SIDE_PX), "--threads", "1", "--rounds", "2", "--json"]
    code = main([*command, "--work", str(small_peer / "work")])
    printed = capsys.readouterr()
    report = from_dict(PaperReport, json.loads(printed.out), "report")
    assert [(row.name, row.engine, row.precision, row.weights) for row in report.rows] == [
        (PYNET, "LiteRT", "float32", "random"),
        (PYNET, "ONNX Runtime", "float32", "random"),
        ("LW-ISP", "LiteRT", "float32", "trained"),
        ("LW-ISP", "ONNX Runtime", "float32", "trained"),
        ("LW-ISP", "LiteRT", "int8", "trained"),
        ("lwisp-lite", "LiteRT", "float32", "trained"),
        ("lwisp-lite", "ONNX Runtime", "float32", "trained"),
        ("lwisp-lite", "LiteRT", "int8", "trained"),
        ("other.tflite", "LiteRT", "as it is", "unknown"),
    ]
    peer, on_onnx, student, _, int8, *_, lite_int8, last = report.rows
    assert (peer.faster, peer.less_memory, on_onnx.faster) == (1, 1, 1)
    assert student.fewer_macs == 64
    assert student.faster > 4
    assert code == (0 if student.faster >= report.paper_faster == 15 else 1)
    assert int8.fewer_parameters == pytest.approx(23.67, abs=0.01)
    assert lite_int8.parameters == 503_242
    assert (last.parameters, last.fewer_parameters) == (None, None)
    for row in report.rows:
        assert len(row.samples_ms) >= 4
        assert row.p50_ms == np.median(row.samples_ms)
        assert row.peak_bytes is None or row.own_bytes is None or row.peak_bytes > row.own_bytes > 0
        assert (row.coverage is None) == (row.engine == "ONNX Runtime")
    assert printed.err.count("round 2 of 2") == 9
    text = "\n".join(table(report))
    assert "random weights" in text
    assert "23x fewer parameters, 81x less computation, at least 15x faster" in text


def test_wrong_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "paper", "--rounds", "0"]) == 2
    assert main(["bench", "paper", "--size", "100", "--work", str(tmp_path)]) == 2
    assert "isn't a multiple of 16" in capsys.readouterr().err


def test_a_peer_that_can_not_be_made_or_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match=r"convert failed \(.*There is no .*missing\.onnx"):
        gathering._convert(str(tmp_path / "missing.onnx"), tmp_path, SIDE_PX)
    (tmp_path / "bad.onnx").write_bytes(b"no onnx")
    (tmp_path / "add.tflite").write_bytes(add_model("float32", (1, 4)))
    facts = ("random", None, None)
    entry = Contestant(PYNET, "ONNX Runtime", "float32", *facts, None, tmp_path / "bad.onnx", 7)
    with pytest.raises(PeerError, match=r"ONNX Runtime doesn't run bad\.onnx"):
        measure_paper((entry,), 1, SIDE_PX, 1, lambda text: None)
    subject = file_subject(tmp_path / "add.tflite", {})
    assert subject.images[0].arrays[0].dtype == np.float32
