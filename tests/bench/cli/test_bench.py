"""The commands that measure on this host: `lwisp bench run`, `suite`, `devices`."""

import json
from pathlib import Path

import pytest

from lwisp_mobile.cli.main import main
from tests.bench.small_models import add_model


def test_run_suite_and_devices(adb_server: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, output = tmp_path / "add.tflite", str(tmp_path / "r.json")
    model.write_bytes(add_model("int8", (1, 8, 8, 4)))
    assert main(["bench", "run", str(model), "--shape", "a=2,8,8,4", "--runs", "12", "--no-gate", "-o", output]) == 0
    printed = capsys.readouterr().out
    assert "add.tflite, 1 threads, all CPUs, quick" in printed
    assert "1 of 1 outputs bit-equal to this host's" in printed
    assert "emulator" not in printed
    (tmp_path / "s.toml").write_text('models = ["add.tflite"]\nruns = 12\ngate = false\n')
    assert main(["bench", "suite", str(tmp_path / "s.toml"), "-o", output, "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert [record["subject"]["inputs"][0]["shape"][0] for record in tree["results"]["records"]] == [2, 1]
    assert tree["device_failures"] == []
    assert main(["bench", "devices", "--json"]) == 0
    assert "local" in [one["name"] for one in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["run", "none.tflite"], "can't be read"),
        (["run", "--shape", "a"], "isn't like input"),
        (["run", "--size", "100"], "isn't a multiple of 16"),
        (["run", "--threads", "0"], "give 1 or more"),
        (["suite", "none.toml"], "none.toml"),
    ],
)
def test_wrong_use_is_named(words: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["bench", *words, "-o", str(tmp_path / "r.json")]) == 2
    assert reason in capsys.readouterr().err
