"""The sample DNG: LibRaw reads back what was written."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile

from lwisp_export.synthesis.dng import write_dng, xyz_to_camera
from lwisp_mobile.errors import CfaError, RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.color import camera_to_srgb_from_xyz
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import CaptureInfo, RawImage
from lwisp_mobile.raw.reader import read_raw

MATRIX = ((1.8, -0.9, 0.1), (-0.2, 1.7, -0.5), (0.0, -0.5, 1.5))
INFO = CaptureInfo(None, None, 400.0, 1 / 250, 5.6, 35.0, datetime(2024, 2, 3, 4, 5, 6))
SHAPES = ((64, 96), (63, 95), (33, 48), (48, 33))


def make_raw(cfa: str = "RGGB", shape: tuple[int, int] = (64, 96), orientation: int = 1) -> RawImage:
    mosaic = np.random.default_rng(0).integers(500, 16384, shape, dtype=np.uint16)
    return RawImage(mosaic, cfa, (512.0, 513.0, 514.0, 515.0), 16383.0, (2.1, 1.0, 1.6), MATRIX, orientation, INFO)


def write(path: Path, raw: RawImage) -> Path:
    write_dng(path, raw)
    return path


@pytest.mark.parametrize("cfa", CFA_ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_libraw_reads_back_what_was_written(tmp_path: Path, cfa: str, shape: tuple[int, int]) -> None:
    raw = make_raw(cfa, shape)
    back = read_raw(write(tmp_path / "a.dng", raw))
    assert np.array_equal(back.mosaic, raw.mosaic)
    assert (back.cfa, back.black_level, back.white_level) == (cfa, raw.black_level, raw.white_level)
    assert back.wb_gains == pytest.approx(raw.wb_gains, rel=1e-3)
    rows = np.array(MATRIX) / np.sum(MATRIX, axis=1, keepdims=True)
    assert np.array(back.camera_to_srgb) == pytest.approx(rows, abs=1e-3)
    assert back.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, orientation: int) -> None:
    back = read_raw(write(tmp_path / "a.dng", make_raw("GBRG", (33, 48), orientation)))
    assert back.orientation == orientation
    assert back.mosaic.shape == (33, 48)


def test_shot(tmp_path: Path) -> None:
    info = read_raw(write(tmp_path / "a.dng", make_raw())).info
    assert (info.make, info.model) == ("lwisp", "lwisp sample")
    assert (info.iso, info.f_number, info.focal_length_mm) == (400, 5.6, 35)
    assert info.exposure_s == pytest.approx(1 / 250)
    assert info.taken_at == INFO.taken_at


def test_time_is_fixed_if_nobody_says(tmp_path: Path) -> None:
    raw = replace(make_raw(), info=CaptureInfo(make="A", model="B"))
    info = read_raw(write(tmp_path / "a.dng", raw)).info
    assert (info.make, info.model, info.taken_at) == ("A", "B", datetime(2026, 1, 1, 12))


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, make_raw()).read_bytes() for name in ("a.dng", "b.dng"))
    assert first == second


def test_daylight_is_the_light_of_the_gains(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dng", make_raw())
    assert read_raw(path, RawHints(white_balance="daylight")).wb_gains == pytest.approx((2.1, 1, 1.6), rel=1e-3)


def test_matrix_is_the_inverse_of_the_readers() -> None:
    matrix = camera_to_srgb_from_xyz(xyz_to_camera(MATRIX, (2.1, 1.0, 1.6)))
    rows = np.array(MATRIX) / np.sum(MATRIX, axis=1, keepdims=True)
    assert np.array(matrix) == pytest.approx(rows, abs=1e-9)


def test_tags_are_those_of_dng(tmp_path: Path) -> None:
    with tifffile.TiffFile(write(tmp_path / "a.dng", make_raw("BGGR"))) as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags}
    assert tags[262] == 32803
    assert tags[33421] == (2, 2)
    assert tags[33422] == bytes((2, 1, 1, 0))
    assert tags[50706] == bytes((1, 4, 0, 0))
    assert tags[50714] == (512, 1, 513, 1, 514, 1, 515, 1)
    assert tags[50717] == 16383
    assert tags[50708] == "lwisp sample"
    assert tags[50778] == 21
    assert tags[34665]["ISOSpeedRatings"] == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cfa": "RGBG"}, CfaError),
        ({"wb_gains": (0.0, 1.0, 1.0)}, WhiteBalanceError),
        ({"white_level": 10.0}, RawFormatError),
        ({"orientation": 0}, RawFormatError),
        ({"camera_to_srgb": ((1.0, 0.0, 0.0),) * 3}, RawFormatError),
        ({"camera_to_srgb": None}, RawFormatError),
        ({"mosaic": np.zeros(5, np.uint16)}, RawFormatError),
    ],
)
def test_facts_that_make_no_raw_leave_no_file(
    tmp_path: Path, change: dict[str, object], error: type[Exception]
) -> None:
    raw = make_raw()
    with pytest.raises(error):
        write_dng(tmp_path / "a.dng", replace(raw, **change))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
