"""`lwisp evaluate`."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from lwisp_export.evaluation.classical import PIPELINES
from lwisp_export.evaluation.method_scores import EVALUATION_ISOS
from lwisp_export.evaluation.semi_real import SEMI_REAL_ISOS
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.main import main
from tests.export.training_data import write_data


def write_recipe(folder: Path) -> list[str]:
    """Data and a recipe that validates on one photograph and holds another out; the options that name them."""
    recipe = folder / "r.toml"
    recipe.write_text(
        'name = "r"\n[data]\nphotos = ["photos"]\nvalidation = ["photos/3.png"]\nheld_out = ["photos/2.png"]\n'
        'sensors = "sensors.json"\nnoise = "noise.json"\npatch_px = 64\n'
    )
    return ["--data", str(write_data(folder / "data")), "--recipe", str(recipe)]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", *write_recipe(tmp_path)]
    assert main([*command, "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [result["method"] for result in results[:2]] == ["lwisp fp16", "lwisp int8"]
    assert len(results) == 2 + len(PIPELINES)
    assert all([score["iso"] for score in result["scores"]] == list(EVALUATION_ISOS) for result in results)
    shutil.rmtree(tmp_path / "data" / "photos")
    assert main(command) == 2
    assert "3.png: not a readable picture" in capsys.readouterr().err


def test_a_chart_of_what_ships_on_held_out_photographs_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "chart.svg"
    assert main(["evaluate", *write_recipe(tmp_path), "--held-out", "--chart", str(chart), "--tone", "neutral"]) == 0
    printed = capsys.readouterr()
    assert [line.split("  ")[0] for line in printed.out.splitlines()[1:5]] == [
        f"{name} {precision}" for name in ("lwisp", "lwisp-lite") for precision in ("fp16", "int8")
    ]
    assert "means of 2 pictures" in printed.out
    assert "Mean PSNR of 2 photographs, neutral tone." in chart.read_text()
    assert ("left out of the chart" in printed.err) == (find_spec("demosaicnet") is None)


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
    assert main([*command, "--chart", str(tmp_path / "a.svg")]) == 2
    assert "give --data instead" in capsys.readouterr().err
