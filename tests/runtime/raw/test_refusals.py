"""Files that aren't RAW, or not of a kind that is developed: the true reason, and what helps."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from lwisp_mobile.errors import RawError, RawFormatError, UnsupportedSensorError
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.raw.refusals import explain_full_color
from lwisp_mobile.raw.tiff_tags import read_tiff
from tests.runtime.raw.dng_files import ASCII, LINEAR_RAW, replace_short, tag, write_dng

RGB = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def refusal(path: Path) -> RawError:
    with pytest.raises(RawError) as caught:
        read_raw(path)
    return caught.value


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a JPEG"), ("WEBP", "a WebP"), ("GIF", "a GIF"), ("BMP", "a BMP")])
@pytest.mark.parametrize("suffix", [".dng", ".nef", ".jpg"])
def test_developed_pictures(tmp_path: Path, form: str, name: str, suffix: str) -> None:
    Image.fromarray(RGB).save(tmp_path / f"a{suffix}", form)
    error = refusal(tmp_path / f"a{suffix}")
    assert isinstance(error, RawFormatError)
    assert f"This is {name}, not a RAW file" in str(error)


@pytest.mark.parametrize(
    ("brand", "name"), [(b"heic", "a HEIC"), (b"mif1", "a HEIC"), (b"avif", "an AVIF"), (b"qt  ", "a movie")]
)
def test_files_of_boxes(tmp_path: Path, brand: bytes, name: str) -> None:
    (tmp_path / "a.dng").write_bytes(struct.pack(">I4s4sI", 24, b"ftyp", brand, 0) + bytes(500))
    assert f"This is {name}, not a RAW file" in str(refusal(tmp_path / "a.dng"))


@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
def test_tiff(tmp_path: Path, photometric: str) -> None:
    tifffile.imwrite(tmp_path / "a.dng", RGB if photometric == "rgb" else RGB[..., 0], photometric=photometric)
    assert "This is a TIFF picture" in str(refusal(tmp_path / "a.dng"))


def test_png_rgb_under_a_raw_name(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.dng", "PNG")
    assert "This looks like a developed picture, not a RAW" in str(refusal(tmp_path / "a.dng"))


@pytest.mark.parametrize(("compression", "reason"), [(9, "GoPro GPR.*gpr_tools"), (52546, "JPEG XL.*Camera Raw 7.1")])
def test_compressions_that_libraw_does_not_read(tmp_path: Path, compression: int, reason: str) -> None:
    path = write_dng(tmp_path / "a.dng", RGB[..., 0].astype(np.uint16))
    replace_short(path, 259, compression)
    with pytest.raises(UnsupportedSensorError, match=reason):
        read_raw(path)


def test_truncated_files_are_still_called_so(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", RGB[..., 0].astype(np.uint16))
    path.write_bytes(path.read_bytes()[:-2000])
    assert "truncated" in str(refusal(path))


class TestFullColor:
    def test_foveon(self) -> None:
        assert "Foveon" in str(explain_full_color(b"FOVb", None))

    def test_reduced_size_raw(self) -> None:
        assert "sRAW" in str(explain_full_color(b"II*\0", None))

    def test_scanner(self, tmp_path: Path) -> None:
        tags = [tag(271, ASCII, "Nikon"), tag(272, ASCII, "Nikon SUPER COOLSCAN 5000 ED")]
        tifffile.imwrite(tmp_path / "a.nef", RGB.astype(np.uint16), photometric="rgb", extratags=tags, metadata=None)
        with (tmp_path / "a.nef").open("rb") as file:
            error = explain_full_color(b"II*\0", read_tiff(file))
        assert "film scanner (Nikon SUPER COOLSCAN 5000 ED)" in str(error)
        assert "Adobe DNG Converter makes a linear DNG" in str(error)

    def test_dng_of_four_colors(self, tmp_path: Path) -> None:
        path = write_dng(tmp_path / "a.dng", np.dstack([RGB, RGB[..., :1]]).astype(np.uint16), photometric=LINEAR_RAW)
        assert isinstance(refusal(path), RawError)
