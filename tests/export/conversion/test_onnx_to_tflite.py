"""From ONNX to a float .tflite: the converter's environment and graph surgery."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.conversion import environment
from lwisp_export.conversion.graph_cleanup import clean_float_model
from lwisp_export.conversion.onnx_to_tflite import convert_onnx
from lwisp_export.errors import ArtifactError, ConversionError
from lwisp_export.student.config import Activation, Task
from lwisp_export.student.deploy import deploy_form
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite, read_metadata
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import convert, develop, float_model, onnx_model, raw_model, run, student, tile


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80), (16, 16), (144, 112)])
def test_float_gives_torch_numbers_at_any_size(height: int, width: int) -> None:
    packed = tile(1, height, width)
    found = run(float_model(), packed)
    assert found.shape == (2 * height, 2 * width, 3)
    np.testing.assert_allclose(found, develop(student(), packed), atol=1e-5)


@pytest.mark.parametrize(("activation", "task", "planes"), [("leaky_relu", "isp", 4), ("relu", "denoise", 3)])
def test_other_students_give_torch_numbers(activation: Activation, task: Task, planes: int) -> None:
    packed = tile(2, 48, 80, planes)
    np.testing.assert_allclose(
        run(float_model(activation, task), packed), develop(student(activation, task), packed), atol=1e-5
    )
    coverage = delegate_coverage(float_model(activation, task))
    assert (coverage.partitions, coverage.undelegated) == (1, ())


def test_surgery_leaves_a_plain_graph() -> None:
    facts = inspect_tflite(float_model())
    assert [facts.count(name) for name in ("TRANSPOSE", "RESHAPE", "RELU", "PAD")] == [0, 0, 0, 0]
    assert [facts.count(name) for name in ("DEPTH_TO_SPACE", "REDUCE_MAX", "MEAN", "CONV_2D")] == [8, 4, 9, 43]
    assert facts.max_rank == 4
    # The converter gives each of the four spatial attentions a bias of one zero.
    assert facts.parameters == sum(p.numel() for p in deploy_form(student()).parameters()) + 4


def test_whole_graph_is_one_partition() -> None:
    coverage = delegate_coverage(float_model())
    assert (coverage.delegated_nodes, coverage.total_nodes, coverage.partitions) == (111, 111, 1)


def test_one_partition_remains_after_resizing() -> None:
    interpreter = Interpreter(model_content=float_model(), num_threads=1)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (1, 48, 80, 4))
    interpreter.allocate_tensors()
    assert sum(node["op_name"] == "DELEGATE" for node in interpreter._get_ops_details()) == 1


def test_without_surgery_resizing_fails() -> None:
    facts = inspect_tflite(raw_model())
    assert (facts.count("TRANSPOSE"), facts.count("RESHAPE")) == (5, 9)
    with pytest.raises(RuntimeError):
        run(raw_model(), tile(1, 48, 80))


def test_signature_and_shapes() -> None:
    facts = inspect_tflite(float_model())
    assert [(t.name, t.dtype, t.shape) for t in facts.inputs] == [("packed", "float32", (1, 64, 64, 4))]
    assert [(t.name, t.dtype, t.shape) for t in facts.outputs] == [("rgb", "float32", (1, 128, 128, 3))]
    assert [signature.name for signature in Graph.parse(float_model()).signatures] == ["serving_default"]


def test_shared_weights_are_stored_once_and_half_precision_is_not_permitted() -> None:
    u_blocks = (student().u1, student().u2, student().u3)
    repeated = sum(p.numel() for block in u_blocks for p in block.parameters() if p.ndim > 1)
    assert len(raw_model()) - len(float_model()) > 4 * repeated
    assert read_metadata(raw_model(), "reduced_precision_support") is not None
    assert read_metadata(float_model(), "reduced_precision_support") is None


def test_buffers_are_aligned() -> None:
    model = float_model()
    constants = (tensor.values().tobytes() for tensor in Graph.parse(model).tensors if tensor.is_constant)
    weights = max(constants, key=len)
    assert model.index(weights) % 16 == 0


def test_equal_onnx_gives_equal_bytes(tmp_path: Path) -> None:
    path = tmp_path / "another name.onnx"
    path.write_bytes(onnx_model())
    told: list[str] = []
    assert convert_onnx(path, told.append).pack() == float_model()
    assert told == []


def test_a_reduction_that_drops_axes_is_refused() -> None:
    graph = Graph.parse(raw_model())
    for operator in graph.operators:
        if operator.kind == "REDUCE_MAX":
            vars(operator.table.builtinOptions)["keepDims"] = False
    with pytest.raises(ConversionError, match="REDUCE_MAX takes a channels-first tensor"):
        clean_float_model(graph)


def test_a_file_that_is_no_onnx_names_the_log(tmp_path: Path) -> None:
    path = tmp_path / "notes.onnx"
    path.write_text("not a network")
    with pytest.raises(ConversionError, match=r"(?s)Converting notes\.onnx.*exit status.*End of its log:.*DecodeError"):
        convert_onnx(path, print)


def test_a_missing_onnx_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"gone\.onnx can't be read"):
        convert_onnx(tmp_path / "gone.onnx", print)


def test_pixel_shuffle_in_crd_order_gives_other_numbers_and_may_not_ship() -> None:
    model = onnx.load_from_string(onnx_model())
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "mode":
                attribute.s = b"CRD"
    crd = clean_float_model(Graph.parse(convert(model.SerializeToString()))).pack()
    assert np.abs(run(crd, tile(1)) - run(float_model(), tile(1))).max() > 0.1
    # The converter reorders the channels while running, which no delegate takes.
    with pytest.raises(ArtifactError, match=r"XNNPACK runs 111 of 119 operations; remaining: GATHER"):
        check_artifact(crd, "float32")


def _fake_python(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("makes_environment", "words"),
    [
        (
            "echo No module named venv; exit 3",
            "Making a virtual environment failed.*status 3.*python3-venv.*named venv",
        ),
        (
            'mkdir -p "$4/bin"; cd "$4/bin"; printf "#!/bin/sh\\necho No network; exit 1" > python; chmod +x python',
            "Installing the model converter failed.*PIP_INDEX_URL.*No network",
        ),
    ],
)
def test_a_failed_installation_says_why_and_leaves_nothing(
    makes_environment: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_python(tmp_path / "python", makes_environment)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: list[str] = []
    with pytest.raises(ConversionError, match=f"(?s){words}"):
        environment.converter_python(told.append)
    assert len(told) == 1
    assert list((tmp_path / "lwisp-mobile").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ConversionError, match="Set XDG_CACHE_HOME"):
        environment.converter_python(lambda message: None)


def _fake_environment(folder: Path, mark: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(mark)
    return folder


def test_of_two_makers_the_first_stays(tmp_path: Path) -> None:
    first = _fake_environment(tmp_path / "converter", "first")
    environment._move(_fake_environment(tmp_path / "converter.x", "second"), first)
    assert (first / "bin" / "python").read_text() == "first"


def test_an_environment_without_its_python_is_replaced(tmp_path: Path) -> None:
    broken = tmp_path / "converter"
    broken.mkdir()
    (broken / "pyvenv.cfg").write_text("home = /gone")
    environment._move(_fake_environment(tmp_path / "converter.x", "new"), broken)
    assert (broken / "bin" / "python").read_text() == "new"


def test_another_requirement_makes_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment.environment_folder()
    monkeypatch.setattr(environment, "_requirements", lambda: "onnx2tf==9")
    assert environment.environment_folder() != before
