"""`lwisp models`, and shipped names where a bundle is wanted."""

import json
from pathlib import Path

import pytest

from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile import load_bundle
from lwisp_mobile.cli.main import main


def test_what_ships_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["models"]
    assert {(model["name"], model["precision"]) for model in found} == {
        (name, precision) for name in ("lwisp", "lwisp-lite") for precision in ("int8", "fp16")
    }
    assert all(Path(model["file"]).stat().st_size == model["bytes"] for model in found)


def test_a_copy_has_models_contract_and_vectors_of_a_raw(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample.dng")
    assert main(["models", "--copy", "lwisp-lite", str(tmp_path / "app"), "--raw", str(tmp_path / "sample.dng")]) == 0
    model = load_bundle(tmp_path / "app").model("int8")
    vectors = json.loads((tmp_path / "app" / "vectors.json").read_text())
    assert vectors["model_sha256"] == model.sha256
    assert vectors["frame"]["size_px"] == [64, 64]
    assert (tmp_path / "app" / model.file).is_file()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--copy", "nobody", "app"], "No bundle named 'nobody'"),
        (["--raw", "photo.dng"], "give --copy NAME FOLDER as well"),
    ],
)
def test_wrong_use_is_named(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", *words]) == 2
    assert reason in capsys.readouterr().err


def test_names_stand_for_bundles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "lwisp-lite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "lwisp-lite"
    assert main(["pack", "lwisp-lite", "-o", str(tmp_path / "lite.zip")]) == 0
    assert load_bundle(tmp_path / "lite.zip").name == "lwisp-lite"
    assert main(["sign", "lwisp-lite", "--key", "none.pem"]) == 2
    assert "Sign a copy: -o lwisp-lite.zip" in capsys.readouterr().err
