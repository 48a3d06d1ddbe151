"""Finished pictures: pixels, tags, and files that appear whole or not at all."""

import io
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from lwisp_mobile.errors import ImageError, MissingExtraError, NonFiniteError
from lwisp_mobile.output.picture import (
    orient,
    srgb_profile,
    to_8_bit,
    to_16_bit,
    write_picture,
    writing_bytes,
)
from lwisp_mobile.output.tiff import rational
from lwisp_mobile.raw.image import CaptureInfo

INFO = CaptureInfo("Nokia", "N900", 400.0, 1 / 250, 5.6, 5.2, datetime(2024, 2, 3, 4, 5, 6))
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".PNG")
EXIF = 34665


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)


class TestWriting:
    def test_png_keeps_8_bits(self, tmp_path: Path, rgb: np.ndarray) -> None:
        write_picture(tmp_path / "a.png", rgb, INFO)
        with Image.open(tmp_path / "a.png") as picture:
            assert np.array_equal(np.array(picture), to_8_bit(rgb))

    def test_tiff_keeps_16_bits(self, tmp_path: Path, rgb: np.ndarray) -> None:
        write_picture(tmp_path / "a.tif", rgb, INFO)
        assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), to_16_bit(rgb))

    def test_jpeg_keeps_full_color_resolution(self, tmp_path: Path) -> None:
        stripes = np.zeros((16, 16, 3), np.uint8)
        stripes[:, ::2] = (255, 0, 0)
        stripes[:, 1::2] = (0, 0, 255)
        write_picture(tmp_path / "a.jpg", stripes, INFO)
        with Image.open(tmp_path / "a.jpg") as picture:
            assert np.abs(np.array(picture).astype(int) - stripes).mean() < 8

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_tags_and_profile(self, tmp_path: Path, rgb: np.ndarray, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        write_picture(path, rgb, INFO)
        with Image.open(path) as picture:
            main = picture.getexif()
            shot = main.get_ifd(EXIF)
            profile = picture.info["icc_profile"]
        assert (main[271], main[272], main[274]) == ("Nokia", "N900", 1)
        assert main[305].startswith("lwisp-mobile")
        assert shot[36867] == "2024:02:03 04:05:06"
        assert (shot[33434], shot[33437], shot[37386], shot[34855]) == (1 / 250, 5.6, 5.2, 400)
        assert shot[40961] == 1
        assert profile == srgb_profile()

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_what_the_camera_did_not_say_is_left_out(self, tmp_path: Path, rgb: np.ndarray, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        write_picture(path, rgb, CaptureInfo())
        with Image.open(path) as picture:
            main = picture.getexif()
            assert {271, 272}.isdisjoint(main)
            assert {33434, 33437, 37386, 34855, 36867}.isdisjoint(main.get_ifd(EXIF))

    def test_strange_facts_do_not_break_the_tags(self, tmp_path: Path, rgb: np.ndarray) -> None:
        info = CaptureInfo("Żółw \N{CAMERA}", "x" * 300, 204800.0, 1e-9, 1e12, 0.1, datetime(1, 1, 1))
        for suffix in SUFFIXES:
            write_picture(tmp_path / f"a{suffix}", rgb, info)
            with Image.open(tmp_path / f"a{suffix}") as picture:
                main = picture.getexif()
                assert main[271] == "???w ?"
                assert main.get_ifd(EXIF)[34855] == 65535

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_equal_pictures_are_equal_bytes(self, tmp_path: Path, rgb: np.ndarray, suffix: str) -> None:
        paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
        for path in paths:
            write_picture(path, rgb, INFO)
        assert paths[0].read_bytes() == paths[1].read_bytes()

    def test_views_are_written_upright(self, tmp_path: Path, rgb: np.ndarray) -> None:
        for suffix in (".png", ".tif"):
            write_picture(tmp_path / f"a{suffix}", orient(rgb, 6), INFO)
        assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), np.rot90(to_16_bit(rgb), -1))
        with Image.open(tmp_path / "a.png") as picture:
            assert np.array_equal(np.array(picture), np.rot90(to_8_bit(rgb), -1))

    def test_profile_is_srgb(self) -> None:
        profile = ImageCms.getOpenProfile(io.BytesIO(srgb_profile()))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


class TestDepth:
    def test_every_code_survives_the_way_up_and_down(self) -> None:
        codes = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
        assert np.array_equal(to_8_bit(to_16_bit(codes)), codes)
        assert (to_16_bit(codes).min(), to_16_bit(codes).max()) == (0, 65535)

    def test_light_is_rounded_and_clipped(self) -> None:
        light = np.array([-0.1, 0, 0.5, 1, 1.5], np.float32)
        assert to_8_bit(light).tolist() == [0, 0, 128, 255, 255]
        assert to_16_bit(light).tolist() == [0, 0, 32768, 65535, 65535]


class TestOrient:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_same_as_pillow(self, rgb: np.ndarray, orientation: int) -> None:
        picture = Image.fromarray(to_8_bit(rgb))
        picture.getexif()[274] = orientation
        expected = np.array(ImageOps.exif_transpose(picture))
        assert np.array_equal(orient(to_8_bit(rgb), orientation), expected)

    def test_turns_by_name(self) -> None:
        picture = np.array([[1, 2], [3, 4]])[..., None]
        turned = {number: orient(picture, number).ravel().tolist() for number in (1, 3, 6, 8)}
        assert turned == {1: [1, 2, 3, 4], 3: [4, 3, 2, 1], 6: [3, 1, 4, 2], 8: [2, 4, 1, 3]}

    @pytest.mark.parametrize("orientation", [0, 9, -1])
    def test_unknown(self, rgb: np.ndarray, orientation: int) -> None:
        with pytest.raises(ImageError, match=f"Orientation {orientation} is unknown"):
            orient(rgb, orientation)


class TestRefused:
    @pytest.mark.parametrize("name", ["a", "a.gif", "a.png.part", "a.dng"])
    def test_unknown_suffix(self, tmp_path: Path, rgb: np.ndarray, name: str) -> None:
        with pytest.raises(ImageError, match=r"unknown; give one of \.png, \.jpg"):
            write_picture(tmp_path / name, rgb, INFO)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_can_not_be_made(self, tmp_path: Path, rgb: np.ndarray) -> None:
        (tmp_path / "none").write_bytes(b"")
        for suffix in SUFFIXES:
            with pytest.raises(ImageError, match="can't be written"):
                write_picture(tmp_path / "none" / f"a{suffix}", rgb, INFO)

    def test_folder_in_the_way(self, tmp_path: Path, rgb: np.ndarray) -> None:
        (tmp_path / "a.png").mkdir()
        with pytest.raises(ImageError, match="Not a regular file"):
            write_picture(tmp_path / "a.png", rgb, INFO)

    def test_devices_are_not_replaced(self, tmp_path: Path, rgb: np.ndarray) -> None:
        link = tmp_path / "a.png"
        link.symlink_to("/dev/full")
        with pytest.raises(ImageError, match="Not a regular file"):
            write_picture(link, rgb, INFO)
        assert Path("/dev/full").is_char_device()

    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    def test_non_finite(self, tmp_path: Path, rgb: np.ndarray, bad: float) -> None:
        rgb[3, 4, 1] = bad
        with pytest.raises(NonFiniteError, match="has 1 NaN or infinite values"):
            write_picture(tmp_path / "a.png", rgb, INFO)

    @pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4), (0, 4, 3)])
    def test_shape(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(ImageError, match=r"must be \(H, W, 3\)"):
            write_picture(tmp_path / "a.png", np.zeros(shape, np.uint8), INFO)

    def test_type(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="found float64"):
            write_picture(tmp_path / "a.png", np.zeros((4, 4, 3)), INFO)  # type: ignore[arg-type]

    def test_jpeg_too_wide(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="at most 65500 px; found 65501x1"):
            write_picture(tmp_path / "a.jpg", np.zeros((1, 65_501, 3), np.uint8), INFO)

    def test_missing_pillow_names_the_extra(
        self, tmp_path: Path, rgb: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "PIL", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'lwisp-mobile\[raw\]'"):
            write_picture(tmp_path / "a.png", rgb, INFO)
        assert list(tmp_path.iterdir()) == []


class TestFullDisk:
    CODE = """
import resource, sys
import numpy as np
from pathlib import Path
from lwisp_mobile.errors import ImageError
from lwisp_mobile.output.picture import write_picture
from lwisp_mobile.raw.image import CaptureInfo
rgb = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_picture(Path(sys.argv[1]), rgb, CaptureInfo())
except ImageError as error:
    print(error)
"""

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
    def test_nothing_half_written_is_left(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"an older picture")
        # Python doesn't write byte code under the limit: the modules are imported before it's set.
        done = subprocess.run([sys.executable, "-c", self.CODE, path], capture_output=True, text=True, check=True)
        assert f"{path}: the picture can't be written" in done.stdout
        assert [file.name for file in tmp_path.iterdir()] == [path.name]
        assert path.read_bytes() == b"an older picture"


@pytest.mark.parametrize(
    ("value", "parts"),
    [(0.004, (1, 250)), (5.6, (28, 5)), (0.0, (0, 1)), (30.0, (30, 1)), (1e12, (2**32 - 1, 1)), (2056.0, (2056, 1))],
)
def test_rationals_stay_readable(value: float, parts: tuple[int, int]) -> None:
    assert rational(value) == parts


@pytest.mark.parametrize("value", [1e-12, 3.3e-7, 0.4036, 4294.967, 65535.123456, 4e9 + 0.5])
def test_rationals_fit_32_bits(value: float) -> None:
    numerator, denominator = rational(value)
    assert 0 <= numerator < 2**32
    assert 0 < denominator < 2**32
    assert numerator / denominator == pytest.approx(value, rel=1e-6, abs=1e-6)


_MEASURE = """
import sys
from pathlib import Path
import numpy as np
from lwisp_mobile.output.picture import write_picture
path, turned = Path(sys.argv[1]), sys.argv[2] == "True"
dtype = np.uint16 if path.suffix == ".tif" else np.uint8
rgb = np.empty((1500, 2000, 3), dtype)
for row in rgb:
    row[:] = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, row.shape, dtype)
write_picture(path, rgb[:64, :64])
used = lambda name: int(Path("/proc/self/status").read_text().split(name)[1].split()[0]) * 1024
Path("/proc/self/clear_refs").write_text("5")
before = used("VmRSS:")
write_picture(path, rgb[::-1].swapaxes(0, 1) if turned else rgb)
print(used("VmHWM:") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_writing_takes_what_is_planned_for_it(suffix: str, turned: bool, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / f"a{suffix}"), str(turned)]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    planned = writing_bytes(f"a{suffix}", 1500 * 2000, contiguous=not turned)
    assert planned - 3_000_000 < peak < planned + 3_000_000
