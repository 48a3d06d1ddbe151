"""The committed golden vectors are what the Python runtime makes today."""

import subprocess
import sys
from pathlib import Path

WRITER = Path(__file__).with_name("write_golden.py")
MAX_BYTES = 150_000


def run_check(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(WRITER), "--check", "--file", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_golden_vectors_are_current_and_small() -> None:
    file = WRITER.with_name("golden.json")
    done = run_check(file)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_size < MAX_BYTES


def test_stale_vectors_are_told(tmp_path: Path) -> None:
    stale = tmp_path / "golden.json"
    text = WRITER.with_name("golden.json").read_text(encoding="utf-8")
    stale.write_text(text.replace('"white_level": 1023.0', '"white_level": 1022.0', 1), encoding="utf-8")
    done = run_check(stale)
    assert done.returncode == 1
    assert "stale" in done.stderr
