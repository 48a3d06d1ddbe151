"""TIFF directories: values of every type in both byte orders, and directories made to do harm."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.capture import read_capture
from lwisp_mobile.raw.image import CaptureInfo, GpsPosition
from lwisp_mobile.raw.tiff_tags import MAX_DIRECTORIES, read_tiff


def directory(*entries: tuple[int, int, int, bytes], following: int = 0) -> bytes:
    fields = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return struct.pack("<H", len(entries)) + fields + struct.pack("<I", following)


def tiff(*parts: bytes, first: int = 8) -> io.BytesIO:
    return io.BytesIO(b"II*\0" + struct.pack("<I", first) + b"".join(parts))


def only(kind: int, count: int, content: bytes, rest: bytes = b"") -> io.BytesIO:
    return tiff(directory((700, kind, count, content)), rest)


class TestValues:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize(
        ("kind", "given", "expected"),
        [
            (1, (1, 2, 255), (1, 2, 255)),
            (3, (1, 65535), (1, 65535)),
            (3, tuple(range(9)), tuple(range(9))),
            (4, (4_000_000_000,), (4_000_000_000,)),
            (5, (1, 250, 7, 2), (1 / 250, 3.5)),
            (9, (-7,), (-7,)),
            (10, (-1, 3, 5, -2), (-1 / 3, -2.5)),
            (11, (0.5, -2.0), (0.5, -2.0)),
            (12, (1e-9, 1e9), (1e-9, 1e9)),
        ],
    )
    def test_numbers(self, tmp_path: Path, order: str, kind: int, given: Sequence[float], expected: object) -> None:
        count = len(given) // 2 if kind in (5, 10) else len(given)
        value = given if len(given) > 1 else given[0]
        pixels = np.zeros((4, 4), np.uint8)
        tifffile.imwrite(
            tmp_path / "a.tif", pixels, byteorder=order, extratags=[(50000, kind, count, value, True)], metadata=None
        )
        with (tmp_path / "a.tif").open("rb") as file:
            found = read_tiff(file)
            assert found is not None
            assert found.main.numbers(50000) == expected
            assert found.main.numbers(50001) is None

    def test_text_and_bytes(self) -> None:
        found = read_tiff(
            tiff(
                directory((271, 2, 3, b"Ab\0"), (272, 2, 12, struct.pack("<I", 50)), (700, 7, 2, b"xy")),
                b"M\x1b[2Jodel 7\0  ",
            )
        )
        assert found is not None
        assert found.main.text(271) == "Ab"
        assert found.main.text(272) == "M[2Jodel 7"
        assert found.main.text(700) is None
        assert found.main.data(700) == b"xy"

    @pytest.mark.parametrize(
        ("kind", "count", "content", "reason"),
        [
            (2, 3, b"abc", "values of type 2"),
            (99, 1, b"abcd", "values of type 99"),
            (3, 2**32 - 1, b"\0" * 4, "at most 65536 numbers"),
            (4, 9, b"\xff\xff\xff\xff", "of which 0 are in the file"),
            (5, 1, struct.pack("<I", 26), "isn't finite"),
            (11, 1, struct.pack("<f", float("nan")), "isn't finite"),
            (12, 1, struct.pack("<I", 34), "isn't finite"),
        ],
    )
    def test_broken_numbers_are_refused(self, kind: int, count: int, content: bytes, reason: str) -> None:
        found = read_tiff(only(kind, count, content, struct.pack("<IId", 5, 0, float("inf"))))
        assert found is not None
        with pytest.raises(RawFormatError, match=f"Tag 700 has .*{reason}"):
            found.main.numbers(700)

    def test_large_data_are_refused_before_they_are_read(self) -> None:
        found = read_tiff(only(7, 2**32 - 1, bytes(4)))
        assert found is not None
        with pytest.raises(RawFormatError, match="at most 16777216 bytes"):
            found.main.data(700)

    def test_nothing_over_nothing_means_unknown(self) -> None:
        found = read_tiff(only(5, 1, struct.pack("<I", 26), bytes(8)))
        assert found is not None
        assert found.main.number(700) == 0


class TestDirectories:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"II*\0",
            b"II*\0\x08\0\0",
            b"II*\0" + bytes(100),
            b"II*\0\xff\xff\xff\xff",
            b"FUJIFILM" * 9,
            b"II*\0\x08\0\0\0\xff\xff",
        ],
    )
    def test_files_without(self, content: bytes) -> None:
        assert read_tiff(io.BytesIO(content)) is None

    def test_loops_end(self) -> None:
        found = read_tiff(tiff(directory((330, 4, 1, struct.pack("<I", 8)), following=8)))
        assert found is not None
        assert len(found.images) == 1

    def test_a_long_chain_is_cut(self) -> None:
        size = len(directory((256, 3, 1, b"\1\0")))
        parts = [directory((256, 3, 1, b"\1\0"), following=8 + size * (index + 1)) for index in range(5000)]
        found = read_tiff(tiff(*parts))
        assert found is not None
        assert len(found.images) == MAX_DIRECTORIES

    def test_a_broken_sub_directory_is_left_out(self) -> None:
        found = read_tiff(tiff(directory((330, 4, 1, struct.pack("<I", 9999)), (34665, 4, 1, struct.pack("<I", 9999)))))
        assert found is not None
        assert (len(found.images), found.exif, found.gps) == (1, None, None)


class TestCapture:
    def test_a_shot(self) -> None:
        at = 8 + len(directory(*[(1, 3, 1, b"")] * 3))
        main = directory(
            (271, 2, 4, b"Abc\0"), (34665, 4, 1, struct.pack("<I", at)), (34853, 4, 1, struct.pack("<I", at + 200))
        )
        exif = directory(
            (37380, 10, 1, struct.pack("<I", at + 100)), (41989, 3, 1, struct.pack("<H", 28)), (42036, 2, 4, b"35mm")
        )
        rest = exif.ljust(100, b"\0") + struct.pack("<ii", -2, 3)
        gps = directory(
            (1, 2, 2, b"S\0"),
            (2, 5, 3, struct.pack("<I", at + 300)),
            (3, 2, 2, b"E\0"),
            (4, 5, 3, struct.pack("<I", at + 324)),
            (5, 1, 1, b"\1"),
            (6, 5, 1, struct.pack("<I", at + 348)),
        )
        degrees = struct.pack("<14I", 33, 1, 51, 1, 354, 10, 151, 1, 12, 1, 0, 1, 25, 2)
        info = read_capture(read_tiff(tiff(main, rest.ljust(200, b"\0"), gps.ljust(100, b"\0"), degrees)))
        expected = GpsPosition(-(33 + 51 / 60 + 35.4 / 3600), 151.2, -12.5)
        assert info == CaptureInfo(
            make="Abc", focal_length_35mm_mm=28, exposure_compensation_ev=-2 / 3, lens="35mm", gps=expected
        )

    @pytest.mark.parametrize("numbers", [(91, 0, 0), (1, 2), (1, 2, 3, 4)])
    def test_places_that_are_none_on_earth(self, numbers: Sequence[int]) -> None:
        at = 8 + len(directory((1, 3, 1, b"")))
        main = directory((34853, 4, 1, struct.pack("<I", at)))
        content = struct.pack("<I", at + 100)
        gps = directory(
            (1, 2, 2, b"N\0"), (2, 4, len(numbers), content), (3, 2, 2, b"E\0"), (4, 4, len(numbers), content)
        )
        info = read_capture(read_tiff(tiff(main, gps.ljust(100, b"\0"), struct.pack(f"<{len(numbers)}I", *numbers))))
        assert info.gps is None
