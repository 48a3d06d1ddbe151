"""Collecting a set: files that can't be used are named."""

from pathlib import Path

import pytest

from lwisp_export.calibration.collection import collect, read_sources
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.hints import RawHints
from tests.export.calibration_sets import TILE_PX


def test_corrupt_and_small_files_are_not_used_and_named(tmp_path: Path) -> None:
    write_sample(tmp_path / "good.dng")
    (tmp_path / "empty.dng").write_bytes(b"")
    (tmp_path / "cut.dng").write_bytes((tmp_path / "good.dng").read_bytes()[:5000])
    names = ("empty.dng", "good.dng", "cut.dng", "absent.dng")
    sources = read_sources([tmp_path / name for name in names], RawHints())
    found = collect(sources, (), STUDENT_INPUT, TILE_PX, None)
    assert [frame.name for frame in found.manifest.frames] == ["good.dng"]
    messages = [f.message for f in found.manifest.findings if f.kind == "unreadable"]
    assert [message.split(":")[0] + message.split(":")[1] for message in messages] == [
        f"not used {name}" for name in ("empty.dng", "cut.dng", "absent.dng")
    ]
    with pytest.raises(UsageError, match="No frame can be used"):
        collect(read_sources([tmp_path / "good.dng"], RawHints()), (), STUDENT_INPUT, 1024, None)
