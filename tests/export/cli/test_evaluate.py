"""`lwisp evaluate`."""

import json
import shutil
from pathlib import Path

import pytest

from lwisp_export.evaluation.classical import PIPELINES
from lwisp_export.evaluation.method_scores import EVALUATION_ISOS
from lwisp_export.evaluation.semi_real import SEMI_REAL_ISOS
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.main import main
from tests.export.training_data import write_data


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'name = "r"\n[data]\nphotos = ["photos"]\nvalidation = ["photos/3.png"]\n'
        'sensors = "sensors.json"\nnoise = "noise.json"\npatch_px = 64\n'
    )
    assert main(["evaluate", "--data", str(data), "--recipe", str(recipe), "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [result["method"] for result in results[:2]] == ["lwisp fp16", "lwisp int8"]
    assert len(results) == 2 + len(PIPELINES)
    assert all([score["iso"] for score in result["scores"]] == list(EVALUATION_ISOS) for result in results)
    shutil.rmtree(data / "photos")
    assert main(["evaluate", "--data", str(data), "--recipe", str(recipe)]) == 2
    assert "isn't a folder" in capsys.readouterr().err


def test_raw_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    command = ["evaluate", "--raws", str(tmp_path / "a.dng"), "--bundle", "lwisp-lite"]
    assert main([*command, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert [score["method"] for score in scores[:3]] == ["lwisp-lite fp16", "lwisp-lite int8", "LibRaw AHD, oracle"]
    assert len(scores) == 4 * len(SEMI_REAL_ISOS)
    by_iso = {score["iso"]: score["psnr_db"] for score in scores if score["method"] == "Menon, oracle"}
    assert by_iso[1] > by_iso[100] > by_iso[800] > by_iso[3200]
    assert main([*command, "--data", str(tmp_path)]) == 2
    assert "not allowed with" in capsys.readouterr().err
