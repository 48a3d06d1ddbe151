"""`lwisp inspect` on every kind of file, whole and broken."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main


def inspect(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["inspect", str(path), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert main(["inspect", str(path)]) == 0
    text = capsys.readouterr().out
    assert all(key in text for key in found)
    return found


def test_a_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    found = inspect(shipped_bundle().folder, capsys)
    assert found["kind"] == "bundle"
    int8, fp16 = found["models"]
    for model, precision in ((int8, "int8"), (fp16, "fp16")):
        assert model["contract"]["precision"] == precision
        assert model["delegate"]["undelegated"] == []
        assert model["delegate"]["partitions"] == 1
        assert model["max_rank"] == 4
        assert len(model["sha256"]) == 64
    assert int8["float_islands"] == []
    assert {op["dtype"] for op in int8["ops"]} == {"int8"}


def test_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    found = inspect(shipped_bundle().folder / "lwisp.int8.tflite", capsys)
    assert (found["kind"], found["inputs"][0]["dtype"]) == ("tflite", "int8")
    assert found["macs"] > 1.69e9


def test_a_checkpoint(capsys: pytest.CaptureFixture[str]) -> None:
    found = inspect(shipped_checkpoint(), capsys)
    assert (found["kind"], found["parameters"], found["name"]) == ("checkpoint", 2_009_193, "lwisp")
    assert round(found["macs"] / 1e9, 3) == 5.203
    assert sum(found["modules"].values()) == found["parameters"]


def test_an_onnx_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    export_onnx(Student(StudentConfig(width=8)), tmp_path / "a.onnx", 32)
    found = inspect(tmp_path / "a.onnx", capsys)
    assert (found["kind"], found["inputs"][0]["name"], found["outputs"][0]["name"]) == ("onnx", "packed", "rgb")
    assert found["ops"]["DepthToSpace"] == 8


def test_a_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    found = inspect(tmp_path / "a.dng", capsys)
    assert (found["kind"], found["cfa"], found["info"]["iso"]) == ("raw", "GRBG", 200)
    assert found["wb_gains"] == pytest.approx([1.9, 1, 1.7], abs=1e-4)


@pytest.mark.parametrize("suffix", [".dng", ".tflite", ".onnx", ".safetensors", ".raw", ".png"])
@pytest.mark.parametrize(
    "content", [b"", b"text, not data", bytes(range(256)) * 8, None], ids=["0", "text", "bytes", "none"]
)
def test_what_is_broken_is_an_error_of_its_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str, content: bytes | None
) -> None:
    path = tmp_path / f"a{suffix}"
    if content is not None:
        path.write_bytes(content)
    assert main(["inspect", str(path)]) == 2
    message = capsys.readouterr().err
    assert message.startswith("lwisp: error: ")
    assert len(message) > 60


def test_a_folder_that_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path)]) == 2
    assert "it isn't a bundle" in capsys.readouterr().err
