"""Frames that don't fit into memory are refused before they are tried."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import Developer, RawImage, memory, shipped_bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.memory import BYTES_PER_PACKED_PX, available_bytes, check_frame

# VmHWM, not ru_maxrss: that one starts at the parent's.
_MEASURE = """
import numpy as np
from pathlib import Path
from lwisp_mobile import Session, shipped_bundle
def peak_kb():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
bundle = shipped_bundle()
session = Session(bundle.read("int8"), bundle.model("int8").contract)
before = peak_kb()
session.run(np.zeros((512, 512, 4), np.float32))
print((peak_kb() - before) * 1024 / 512**2)
"""


def test_a_frame_larger_than_memory_is_refused_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 1000000 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    assert available_bytes() == 1_024_000_000
    check_frame(1600, 1600, "int8")
    with pytest.raises(ModelError, match=r"4000x3000 px needs about 4\.2 GB .* in int8; 1\.0 GB are free"):
        check_frame(4000, 3000, "int8")
    with pytest.raises(ModelError, match="fp16"):
        check_frame(1600, 1600, "fp16")


def test_the_developer_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 10 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    raw = RawImage(np.zeros((64, 64), np.uint16), "RGGB", (0.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)
    with Developer(shipped_bundle()) as developer, pytest.raises(ModelError, match="64x64 px needs"):
        developer.develop(raw)


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    assert available_bytes() is None
    check_frame(100_000, 100_000, "int8")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_figure_is_what_a_run_takes() -> None:
    done = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(BYTES_PER_PACKED_PX["int8"], rel=0.15)
