"""`lwisp sheet`."""

from pathlib import Path

import pytest
from PIL import Image

from lwisp_export.evaluation.contact_sheet import CROP_PX
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.main import main


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    sheet = tmp_path / "sheet.png"
    command = ["sheet", str(tmp_path / "a.dng"), "-o", str(sheet), "--bundle", "lwisp-lite"]
    assert main([*command, "--at", "100,120"]) == 0
    with Image.open(sheet) as image:
        assert image.width >= 3 * CROP_PX
        assert image.height > 2 * CROP_PX
    capsys.readouterr()
    assert main([*command, "--at", "9999,1"]) == 2
    assert "isn't in the picture" in capsys.readouterr().err
    assert main([*command, "--at", "here"]) == 2
    assert "isn't a place" in capsys.readouterr().err
