"""PNG pictures of 16 bits per colour."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_export.evaluation.rgb16_png import read_rgb16
from lwisp_mobile.errors import UsageError
from tests.export.evaluation.linear_png import write_linear_png


def test_every_filter_is_undone(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 65536, (11, 13, 3), np.uint16)
    write_linear_png(tmp_path / "a.png", rgb)
    assert np.array_equal(read_rgb16(tmp_path / "a.png"), rgb)
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(np.asarray(image), rgb >> 8), "Pillow sees the same picture in 8 bits"


def test_other_files_are_refused(tmp_path: Path) -> None:
    write_linear_png(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint16))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:60])
    (tmp_path / "bad.png").write_bytes(whole.replace(b"IDAT", b"IDAX"))
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "eight.png")
    for name in ("cut", "bad", "text", "eight", "missing"):
        with pytest.raises(UsageError, match=f"{name}.png: no linear picture"):
            read_rgb16(tmp_path / f"{name}.png")
