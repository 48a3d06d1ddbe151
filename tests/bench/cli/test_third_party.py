"""Third-party models, without a contract: any type, any shape, every command."""

import json
from pathlib import Path

import pytest

from lwisp_bench.runners.instructions.counting import CounterKit
from lwisp_bench.studies.one_conv import one_conv_model
from lwisp_mobile.cli.main import main
from tests.bench.small_models import add_model

BRIEF = ["--runs", "3", "--seconds", "0", "--no-gate"]
MODELS = {
    "picture.tflite": add_model("float32", (1, 24, 32, 3)),
    "vector.tflite": add_model("int8", (1, 7)),
    "volume.tflite": add_model("uint8", (1, 3, 4, 5, 2)),
    "convolution.tflite": one_conv_model(8),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, model in MODELS.items():
        (tmp_path / name).write_bytes(model)
    return tmp_path


def run(folder: Path, *words: str) -> list[dict]:
    assert main(["bench", "run", *words, *BRIEF, "-o", str(folder / "r.json"), "--json"]) == 0
    return json.loads((folder / "r.json").read_text())["records"]


def test_each_is_measured_as_its_file_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = run(folder, *(str(folder / name) for name in MODELS))
    assert [record["subject"]["name"] for record in records] == list(MODELS)
    shapes = [record["subject"]["inputs"][0] for record in records]
    assert shapes == [
        {"dtype": "float32", "shape": [1, 24, 32, 3]},
        {"dtype": "int8", "shape": [1, 7]},
        {"dtype": "uint8", "shape": [1, 3, 4, 5, 2]},
        {"dtype": "float32", "shape": [1, 8, 8, 128]},
    ]
    for record in records:
        assert (record["status"], record["subject"]["contract_version"]) == ("measured", None)
        assert record["measurement"]["drifts"] == []
        assert all(check["bit_equal"] for check in record["measurement"]["checks"])
        assert len(record["measurement"]["worker"]["samples"]["wall_ms"]) >= 3
    assert main(["bench", "compare", str(folder / "r.json"), str(folder / "r.json")]) == 3  # three runs are too few


def test_other_shapes_are_given_to_it(folder: Path) -> None:
    shapes = [word for name in "ab" for word in ("--shape", f"{name}=2,48,16,3")]
    (record,) = run(folder, str(folder / "picture.tflite"), *shapes)
    assert [entry["shape"] for entry in record["subject"]["inputs"]] == [[2, 48, 16, 3]] * 2
    assert record["measurement"]["checks"][0]["shape"] == [2, 48, 16, 3]


def test_in_turns_and_in_another_shape(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(folder / "picture.tflite")
    shapes = [word for name in "ab" for word in ("--shape", f"{name}=1,64,64,3")]
    assert main(["bench", "ab", model, model, *shapes, "--rounds", "12", "--seconds", "0.001", "--json"]) in (0, 3)
    report = json.loads(capsys.readouterr().out)
    assert report["base"]["inputs"][0]["shape"] == [1, 64, 64, 3]


@pytest.mark.slow
def test_by_instructions(counter: CounterKit, folder: Path) -> None:
    (record,) = run(folder, str(folder / "convolution.tflite"), "--clock", "insn", "--cpu", "cortex-a72")
    assert record["cost"]["counts"]["fmla"] * 4 >= 8 * 8 * 9 * 128 * 128
    assert record["subject"]["contract_version"] is None
