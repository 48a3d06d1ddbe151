"""`lwisp calibrate`."""

from pathlib import Path

import pytest

from lwisp_export.calibration.calibration_set import load_set
from lwisp_export.student.input_contract import STUDENT_INPUT, deployed_input
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.main import main


def test_the_command_writes_the_set_and_exits_1_on_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    (tmp_path / "broken.dng").write_bytes(b"II*\0")
    raws = [str(tmp_path / name) for name in ("a.dng", "broken.dng")]
    assert main(["calibrate", *raws, "-o", str(tmp_path / "set")]) == 1
    printed = capsys.readouterr()
    assert "a.dng" in printed.out
    assert "unreadable: not used: broken.dng" in printed.err
    assert "few frames" in printed.err
    assert len(load_set(tmp_path / "set", deployed_input(STUDENT_INPUT)).tiles) > 0
    assert main(["calibrate", raws[1], "-o", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
