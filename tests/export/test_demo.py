"""`lwisp demo`, from the checkpoint to the page."""

from pathlib import Path

import pytest

from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_mobile.cli.main import main


@pytest.mark.slow
def test_the_demo_leaves_pictures_and_one_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--checkpoint", str(shipped_checkpoint("lwisp-lite")), "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("sample.int8.png", "sample.fp16.png", "report.html"):
        assert str(tmp_path / name) in printed
        assert (tmp_path / name).stat().st_size > 100_000
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 7
    assert all(word not in html for word in ("http:", "https:", 'src="/', "<link", "<script"))
    assert html.count("within budget") == 4
