"""`lwisp bench paper`: a table from real runs of small substitutes."""

from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.cli.paper import table
from lwisp_bench.errors import PeerError
from lwisp_bench.studies.one_conv import one_conv_macs, one_conv_model
from lwisp_bench.studies.paper.contestants import (
    PYNET,
    Choice,
    Contestant,
    Converter,
    FloatModel,
    contestants,
    convert_model,
)
from lwisp_bench.studies.paper.measurement import PaperOptions, measure_paper
from lwisp_bench.worker.job import Limits
from lwisp_mobile.cli.main import main
from lwisp_mobile.progress import Progress, silent
from tests.bench.small_models import add_model

SIDE_PX = 32
TWO_RUNS = Limits(min_runs=2, min_s=0, rule="both", min_warm_up=1, max_warm_up_s=0)


@pytest.fixture
def converter(tmp_path: Path) -> Converter:
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

    def convert(source: str, choice: Choice, progress: Progress) -> FloatModel:
        side_px = 64 if source == PYNET else 8
        tflite = tmp_path / f"{side_px}.tflite"
        tflite.write_bytes(one_conv_model(side_px))
        return FloatModel(source, str(tmp_path / "m.onnx"), str(tflite), 47_554_738, one_conv_macs(side_px))

    return convert


@pytest.fixture
def entries(converter: Converter, tmp_path: Path) -> tuple[Contestant, ...]:
    other = tmp_path / "other.tflite"
    other.write_bytes(add_model("uint8", (1, 8, 8, 4)))
    return contestants(Choice(SIDE_PX, tmp_path / "work", (other,)), silent, converter)


def test_pynet_and_students_are_gathered_in_every_form(entries: tuple[Contestant, ...]) -> None:
    assert [(entry.name, entry.engine, entry.precision, entry.weights) for entry in entries] == [
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
    assert entries[4].parameters is not None
    assert entries[0].parameters / entries[4].parameters == pytest.approx(23.67, abs=0.01)
    assert [entries[7].parameters, entries[8].parameters] == [503_242, None]


def test_the_table_of_real_runs(entries: tuple[Contestant, ...]) -> None:
    steps: list[str] = []
    options = PaperOptions(SIDE_PX, threads=1, rounds=2, limits=TWO_RUNS)
    report = measure_paper((*entries[:3], entries[8]), options, steps.append)
    peer, on_onnx, student, last = report.rows
    assert (peer.faster, peer.less_memory, on_onnx.faster) == (1, 1, 1)
    assert student.fewer_macs == 64
    assert student.faster > 4
    assert report.student is student
    assert report.reproduced is (student.faster >= 15)
    assert (last.parameters, last.fewer_parameters) == (None, None)
    for row in report.rows:
        assert len(row.samples_ms) == 4
        assert row.p50_ms == np.median(row.samples_ms)
        assert row.peak_bytes is None or row.own_bytes is None or row.peak_bytes > row.own_bytes > 0
        assert (row.coverage is None) == (row.engine == "ONNX Runtime")
    assert sum(step.startswith("round 2 of 2") for step in steps) == 4
    text = "\n".join(table(report))
    assert "random weights" in text
    assert "23x fewer parameters, 81x less computation, at least 15x faster" in text


def test_wrong_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "paper", "--rounds", "0"]) == 2
    assert main(["bench", "paper", "--size", "100", "--work", str(tmp_path)]) == 2
    assert "isn't a multiple of 16" in capsys.readouterr().err


def test_a_network_that_can_not_be_converted_or_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match=r"convert failed \(.*There is no .*missing\.onnx"):
        convert_model(str(tmp_path / "missing.onnx"), Choice(SIDE_PX, tmp_path, ()), silent)
    (tmp_path / "bad.onnx").write_bytes(b"no onnx")
    facts = ("random", None, None)
    entry = Contestant(PYNET, "ONNX Runtime", "float32", *facts, None, tmp_path / "bad.onnx", 7)
    with pytest.raises(PeerError, match=r"ONNX Runtime doesn't run bad\.onnx"):
        measure_paper((entry,), PaperOptions(SIDE_PX), silent)
