"""Mosaics without a camera's header, and the sidecars and flags that describe them."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile.errors import (
    CfaError,
    MissingExtraError,
    RawError,
    RawFormatError,
    UnsupportedSensorError,
    WhiteBalanceError,
)
from lwisp_mobile.raw.hints import MAX_PIXELS, RawHints, matrix_from_nine, override
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.raw.sandbox.client import decode_apart
from lwisp_mobile.raw.sidecar import parse_hints

SIDECAR = """
size = [6, 4]
cfa = "GRBG"
bits = 10
black = [60, 61, 62, 63]
white = 1000
white_balance = [1.8, 1, 1.6]
matrix = [1.5, -0.4, -0.1, -0.2, 1.4, -0.2, 0.0, -0.5, 1.5]
orientation = 6
iso = 400
make = "Nokia"
model = "N900"
"""
ENOUGH = RawHints(size=(6, 4), cfa="RGGB", bits=10, black=64.0, white_balance=(2.0, 1.0, 1.5))


@pytest.fixture
def mosaic() -> np.ndarray:
    return (np.arange(24, dtype=np.uint16) * 40).reshape(4, 6)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_mipi(mosaic: np.ndarray, bits: int) -> np.ndarray:
    """RAW10 or RAW12 by sums of whole numbers, row by row."""
    group, low = (4, 2) if bits == 10 else (2, 4)
    padded = np.pad(mosaic, ((0, 0), (0, -mosaic.shape[1] % group)))
    rows = []
    for row in padded.tolist():
        out = []
        for at in range(0, len(row), group):
            values = row[at : at + group]
            out += [value // 2**low for value in values]
            out.append(sum(value % 2**low * 2 ** (low * place) for place, value in enumerate(values)))
        rows.append(out)
    return np.array(rows, np.uint8)


class TestPlain:
    def test_sidecar_gives_every_fact(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.astype("<u2").tofile(path)
        (tmp_path / "photo.raw.toml").write_text(SIDECAR)
        raw = read_raw(path)
        assert np.array_equal(raw.mosaic, mosaic)
        assert (raw.cfa, raw.black_level, raw.white_level) == ("GRBG", (60, 61, 62, 63), 1000)
        assert raw.wb_gains == pytest.approx((1.8, 1, 1.6))
        assert raw.camera_to_srgb is not None
        assert raw.camera_to_srgb[0] == pytest.approx((1.5, -0.4, -0.1))
        assert (raw.orientation, raw.info.iso, raw.info.make, raw.info.model) == (6, 400, "Nokia", "N900")
        assert raw.notes == ("White balance as given: 1.8, 1, 1.6.",)

    def test_flags_give_the_same(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.bin"
        mosaic.astype("<u2").tofile(path)
        raw = read_raw(path, parse_hints(SIDECAR))
        path.with_suffix(".toml").write_text(SIDECAR)
        assert repr(read_raw(path)) == repr(raw)

    def test_flags_win_and_the_longer_sidecar_name_goes_first(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.astype("<u2").tofile(path)
        (tmp_path / "photo.raw.toml").write_text(SIDECAR)
        (tmp_path / "photo.toml").write_text("nonsense")
        raw = read_raw(path, RawHints(cfa="BGGR", black=0.0))
        assert (raw.cfa, raw.black_level, raw.white_level) == ("BGGR", (0,) * 4, 1000)

    def test_eight_bits_are_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.raw"
        path.write_bytes(bytes(range(24)))
        raw = read_raw(path, override(ENOUGH, RawHints(bits=8, black=0.0)))
        assert raw.mosaic.dtype == np.uint16
        assert raw.mosaic.ravel().tolist() == list(range(24))
        assert raw.white_level == 255
        assert "White level taken as 2^8 - 1." in raw.notes

    def test_big_endian_words(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.astype(">u2").tofile(path)
        assert np.array_equal(read_raw(path, override(ENOUGH, RawHints(byte_order="big"))).mosaic, mosaic)
        with pytest.raises(RawFormatError, match=r"bits = 10 allows 1023. Correct bits or byte_order"):
            read_raw(path, ENOUGH)

    def test_no_matrix_is_noted(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.tofile(path)
        raw = read_raw(path, ENOUGH)
        assert raw.camera_to_srgb is None
        assert any(note.startswith("No colour matrix") for note in raw.notes)

    @pytest.mark.parametrize(
        ("missing", "error"),
        [("size", RawFormatError), ("bits", RawFormatError), ("cfa", RawFormatError), ("black", RawFormatError)],
    )
    def test_missing_facts_are_named(
        self, tmp_path: Path, mosaic: np.ndarray, missing: str, error: type[RawError]
    ) -> None:
        path = tmp_path / "photo.raw"
        mosaic.tofile(path)
        given = {name: getattr(ENOUGH, name) for name in ("size", "bits", "cfa", "black", "white_balance")}
        del given[missing]
        with pytest.raises(error, match=rf"photo\.raw: {missing} is missing.*--{missing}"):
            read_raw(path, RawHints(**given))

    def test_missing_white_balance(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.tofile(path)
        with pytest.raises(WhiteBalanceError, match="holds no as-shot white balance"):
            read_raw(path, RawHints(size=(6, 4), cfa="RGGB", bits=10, black=64.0))

    @pytest.mark.parametrize("length", [0, 1, 47, 49, 96])
    def test_wrong_length_says_found_and_needed(self, tmp_path: Path, length: int) -> None:
        path = tmp_path / "photo.raw"
        path.write_bytes(bytes(length))
        reason = "has 0 bytes" if not length else f"has {length} bytes; size = 6x4 with bits = 10 needs 48"
        with pytest.raises(RawFormatError, match=reason):
            read_raw(path, ENOUGH)

    @pytest.mark.parametrize(("bits", "stride"), [(10, None), (10, 48), (12, None), (12, 64)])
    def test_packed_samples_are_recognised_by_the_length(self, tmp_path: Path, bits: int, stride: int | None) -> None:
        mosaic = np.random.default_rng(0).integers(0, 2**bits, (5, 22), dtype=np.uint16)
        row = 30 if bits == 10 else 33
        packed = np.zeros((5, stride or row), np.uint8)
        packed[:, :row] = pack_mipi(mosaic, bits)
        packed.tofile(tmp_path / "photo.raw")
        raw = read_raw(tmp_path / "photo.raw", override(ENOUGH, RawHints(size=(22, 5), bits=bits)))
        assert np.array_equal(raw.mosaic, mosaic)
        fill = f", {stride - row} of them fill" if stride else ""
        expected = (
            f"By the file's length, its samples are packed as MIPI RAW{bits}, in rows of {stride or row} bytes{fill}."
        )
        assert expected in raw.notes

    def test_stride(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        rows = np.zeros((4, 10), np.uint16)
        rows[:, :6] = mosaic
        rows.tofile(path)
        with pytest.raises(RawFormatError, match="has 80 bytes"):
            read_raw(path, ENOUGH)
        raw = read_raw(path, override(ENOUGH, RawHints(stride=20)))
        assert np.array_equal(raw.mosaic, mosaic)
        assert "By the file's length, its samples are not packed, in rows of 20 bytes, 8 of them fill." in raw.notes
        path.write_bytes(rows.tobytes()[:-8])  # the last row without its fill
        assert np.array_equal(read_raw(path, override(ENOUGH, RawHints(stride=20))).mosaic, mosaic)
        for stride in (11, 19, 40, 1):
            with pytest.raises(RawFormatError, match=f"and stride = {stride} needs 48 or, packed as MIPI RAW10, 40"):
                read_raw(path, override(ENOUGH, RawHints(stride=stride)))

    def test_rows_that_a_board_adds_below(self, tmp_path: Path) -> None:
        mosaic = np.random.default_rng(0).integers(0, 1024, (5, 22), dtype=np.uint16)
        rows = np.zeros((8, 32), np.uint8)
        rows[:5, :30] = pack_mipi(mosaic, 10)
        rows.tofile(tmp_path / "photo.raw")
        raw = read_raw(tmp_path / "photo.raw", override(ENOUGH, RawHints(size=(22, 5), stride=32)))
        assert np.array_equal(raw.mosaic, mosaic)

    @pytest.mark.parametrize("stride", [0, -1, 2**40])
    def test_absurd_strides(self, stride: int) -> None:
        with pytest.raises(RawFormatError, match="stride = "):
            RawHints(stride=stride)

    def test_huge_size_takes_no_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.raw"
        path.write_bytes(bytes(48))
        with pytest.raises(RawFormatError, match="needs 800000000"):
            read_raw(path, override(ENOUGH, RawHints(size=(20_000, MAX_PIXELS // 20_000))))

    def test_white_under_black(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.raw"
        mosaic.tofile(path)
        with pytest.raises(RawFormatError, match=r"White level 10(\.0)? isn't above the black levels"):
            read_raw(path, override(ENOUGH, RawHints(white=10.0)))


class TestNumpy:
    @pytest.mark.parametrize("dtype", [np.uint8, "<u2", ">u2"])
    def test_samples_are_read_as_stored(self, tmp_path: Path, dtype: str) -> None:
        samples = (np.arange(24) * 10).astype(dtype).reshape(4, 6)
        np.save(tmp_path / "photo.npy", samples)
        raw = read_raw(tmp_path / "photo.npy", RawHints(cfa="GBRG", black=1.0, white_balance=(2.0, 1.0, 1.5)))
        assert np.array_equal(raw.mosaic, samples)
        assert raw.mosaic.dtype == np.uint16
        assert raw.white_level == (255 if dtype == np.uint8 else 65535)

    def test_a_white_far_above_the_samples_is_noted(self, tmp_path: Path) -> None:
        np.save(tmp_path / "photo.npy", np.full((4, 6), 1000, np.uint16))
        raw = read_raw(tmp_path / "photo.npy", RawHints(cfa="GBRG", black=1.0, white_balance=(2.0, 1.0, 1.5)))
        assert any("--white 1023 if samples have 10 bits" in note for note in raw.notes)

    @pytest.mark.parametrize(
        "array",
        [np.zeros((4, 6), np.float32), np.zeros((4, 6, 3), np.uint16), np.zeros(24, np.uint16), np.zeros((4, 6), "i2")],
    )
    def test_other_arrays_are_refused(self, tmp_path: Path, array: np.ndarray) -> None:
        np.save(tmp_path / "photo.npy", array)
        with pytest.raises(
            UnsupportedSensorError, match=r"isn't a mosaic: an array of shape \(H, W\) of uint8 or uint16"
        ):
            read_raw(tmp_path / "photo.npy", ENOUGH)

    def test_objects_are_never_unpickled(self, tmp_path: Path) -> None:
        np.save(tmp_path / "photo.npy", np.array([[print, 1]], object), allow_pickle=True)
        with pytest.raises(UnsupportedSensorError, match="isn't a mosaic"):
            read_raw(tmp_path / "photo.npy", ENOUGH)

    @pytest.mark.parametrize(
        "shape", ["(2000000, 2000000)", "(400, 600)", "(-4, 6)", "(4, 6, )" + "(" * 5000, "(True, 6)", "()"]
    )
    def test_headers_that_lie(self, tmp_path: Path, shape: str) -> None:
        header = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
        (tmp_path / "photo.npy").write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + bytes(48))
        with pytest.raises(RawError, match=r"photo\.npy"):
            read_raw(tmp_path / "photo.npy", ENOUGH)


class TestPng:
    @pytest.mark.slow
    def test_400_megapixels(self, tmp_path: Path) -> None:
        """As many as every other format allows, in the memory that a decoder may take."""
        Image.new("I;16", (20_000, 20_000)).save(tmp_path / "photo.png", compress_level=1)
        hints = RawHints(cfa="RGGB", black=0.0, white=1023, white_balance=(2.0, 1.0, 1.5))
        assert decode_apart(tmp_path / "photo.png", hints).mosaic.shape == (20_000, 20_000)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_samples_are_read_as_stored(self, tmp_path: Path, dtype: type) -> None:
        samples = (np.arange(24) * (10 if dtype == np.uint8 else 2700)).astype(dtype).reshape(4, 6)
        path = tmp_path / "photo.png"
        Image.fromarray(samples).save(path)
        raw = read_raw(path, RawHints(cfa="GBRG", black=1.0, white_balance=(2.0, 1.0, 1.5)))
        assert np.array_equal(raw.mosaic, samples)
        assert raw.white_level == np.iinfo(dtype).max

    def test_declared_facts_must_fit(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = tmp_path / "photo.png"
        Image.fromarray(mosaic).save(path)
        assert read_raw(path, ENOUGH).mosaic.shape == (4, 6)
        with pytest.raises(RawFormatError, match="size = 4x6, but the file is 6x4"):
            read_raw(path, override(ENOUGH, RawHints(size=(4, 6))))
        with pytest.raises(RawFormatError, match="largest sample is 920, but bits = 9 allows 511"):
            read_raw(path, override(ENOUGH, RawHints(bits=9)))
        with pytest.raises(RawFormatError, match="byte_order is for plain"):
            read_raw(path, override(ENOUGH, RawHints(byte_order="big")))

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "LA"])
    def test_developed_pictures_are_refused(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / "photo.png"
        Image.new(mode, (6, 4)).save(path)
        with pytest.raises(UnsupportedSensorError, match=f"pixels of type {mode}; a mosaic has one grey value"):
            read_raw(path, ENOUGH)

    @pytest.mark.parametrize("side", [12_000, 20_000, 100_000])
    def test_decompression_bombs(self, tmp_path: Path, side: int) -> None:
        header = struct.pack(">IIBBBBB", side, side, 16, 0, 0, 0, 0)
        data = zlib.compress(bytes(1000))
        chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
        path = tmp_path / "photo.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks))
        with pytest.raises(RawFormatError, match=r"truncated or damaged|declares 100000x100000 px; at most 400 Mpx"):
            read_raw(path, RawHints(cfa="RGGB", black=0.0, white_balance="grey-world"))

    @pytest.mark.parametrize("length", [8, 20, 60])
    def test_truncated(self, tmp_path: Path, mosaic: np.ndarray, length: int) -> None:
        path = tmp_path / "photo.png"
        Image.fromarray(mosaic).save(path)
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(RawFormatError, match="PNG is truncated"):
            read_raw(path, ENOUGH)

    def test_missing_pillow_names_the_extra(
        self, tmp_path: Path, mosaic: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "photo.png"
        Image.fromarray(mosaic).save(path)
        monkeypatch.setitem(sys.modules, "PIL.PngImagePlugin", None)
        with pytest.raises(MissingExtraError, match="Pillow isn't installed"):
            read_raw(path, ENOUGH)


class TestPgm:
    @pytest.mark.parametrize(
        "header", [b"P5 6 4 1023\n", b"P5\n# by a phone\n6 4\n#10 bits\n1023\n", b"P5\t6\r\n4 1023 "]
    )
    def test_samples_are_read_as_stored(self, tmp_path: Path, mosaic: np.ndarray, header: bytes) -> None:
        path = tmp_path / "photo.pgm"
        path.write_bytes(header + mosaic.astype(">u2").tobytes())
        raw = read_raw(path, RawHints(cfa="RGGB", black=0.0, white_balance=(2.0, 1.0, 1.5)))
        assert np.array_equal(raw.mosaic, mosaic)
        assert raw.white_level == 1023

    def test_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.pgm"
        path.write_bytes(b"P5 6 4 255\n" + bytes(range(24)))
        raw = read_raw(path, RawHints(cfa="RGGB", black=0.0, white_balance=(2.0, 1.0, 1.5)))
        assert raw.mosaic.ravel().tolist() == list(range(24))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"P5 6 4 1023\n" + bytes(47), "47 bytes of samples, 48 are needed"),
            (b"P5 6 4", "header can't be read"),
            (b"P5 6 -4 1023\n", "header can't be read"),
            (b"P5 0 4 255\n", "declares 0x4 px"),
            (b"P5 999999 999999 255\n", "at most|megapixels"),
            (b"P5 6 4 65536\n" + bytes(48), "largest value of 65536"),
            (b"P5 6 4 0\n" + bytes(48), "largest value of 0"),
            (b"P5 " + b" " * 10_000 + b"6 4 255\n", "header can't be read"),
        ],
    )
    def test_broken(self, tmp_path: Path, content: bytes, reason: str) -> None:
        path = tmp_path / "photo.pgm"
        path.write_bytes(content)
        with pytest.raises(RawFormatError, match=reason):
            read_raw(path, ENOUGH)


class TestSidecar:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("colour = 3", "Key 'colour' is unknown"),
            ("whitebalance = 3", "Did you mean white_balance"),
            ("size = 6", "size = 6 can't be used; a list of two whole numbers"),
            ("size = [6, 4.5]", "size = 4.5 can't be used; a whole number"),
            ("size = [6, 1]", "size = 6x1 can't be used"),
            ("size = [-6, -4]", "size = -6x-4 can't be used"),
            ("size = [100000, 100000]", "at most 400 megapixels"),
            ("bits = true", "bits = True can't be used; a whole number"),
            ("bits = 7", "bits = 7 is unknown; give one of 8"),
            ("bits = 10.0", "bits = 10.0 can't be used"),
            ("cfa = 3", "cfa = 3 can't be used; text"),
            ('byte_order = "middle"', "byte_order = 'middle' is unknown; give one of little, big"),
            ("black = nan", "black = nan can't be used; a finite number"),
            ("black = [1, 2, 3]", "black = .* can't be used; a list of 4 numbers"),
            ("black = -1", "black = -1.0 can't be used"),
            ("black = false", "black = False can't be used; a number"),
            ("white = inf", "white = inf can't be used; a finite number"),
            (f"white = {10**400}", "a finite number"),
            ('white = "1023"', "white = '1023' can't be used; a number"),
            ("matrix = [1, 2, 3]", "matrix = .* a list of 9 numbers"),
            ("matrix = [[1, 0, 0], [0, 1, 0], [0, 1, nan]]", "matrix = nan can't be used"),
            ("matrix = [0, 0, 0, 0, 0, 0, 0, 0, 0]", "white can't be kept"),
            ("orientation = 9", "orientation = 9 is unknown"),
            ("iso = -5", "iso = -5.0 can't be used"),
            ("model = 900", "model = 900 can't be used; text"),
            ("size = [6", "isn't TOML"),
            ("black = " + "[" * 2000, "isn't TOML"),
        ],
    )
    def test_broken_values_name_file_and_key(self, tmp_path: Path, line: str, reason: str) -> None:
        path = tmp_path / "photo.raw"
        path.write_bytes(bytes(48))
        (tmp_path / "photo.raw.toml").write_text(line)
        with pytest.raises(RawFormatError, match=rf"photo\.raw\.toml: .*{reason}"):
            read_raw(path)

    @pytest.mark.parametrize(
        ("line", "error", "reason"),
        [
            ('cfa = "RGBG"', CfaError, "give one of RGGB"),
            ('white_balance = "sunny"', WhiteBalanceError, "give as-shot, daylight, grey-world"),
            ("white_balance = [1, 0, 1]", WhiteBalanceError, "three gains over 0"),
            ("white_balance = [1e-9, 1, 1]", WhiteBalanceError, "none over 1000 times"),
        ],
    )
    def test_broken_values_keep_their_error(self, line: str, error: type[RawError], reason: str) -> None:
        with pytest.raises(error, match=reason):
            parse_hints(line)

    def test_matrix_by_rows(self) -> None:
        rows = parse_hints("matrix = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]").matrix
        assert rows == matrix_from_nine(range(1, 10)) == ((1, 2, 3), (4, 5, 6), (7, 8, 9))

    @pytest.mark.parametrize(("content", "reason"), [(b"\xff\xfe", "UTF-8"), (b"#" * 70_000, "more than 65536 bytes")])
    def test_files_that_are_no_sidecars(self, tmp_path: Path, content: bytes, reason: str) -> None:
        path = tmp_path / "photo.raw"
        path.write_bytes(bytes(48))
        (tmp_path / "photo.toml").write_bytes(content)
        with pytest.raises(RawFormatError, match=rf"photo\.toml: .*{reason}"):
            read_raw(path)

    def test_empty_sidecar_says_nothing(self) -> None:
        assert parse_hints("") == RawHints()

    def test_override_keeps_what_is_not_given(self) -> None:
        merged = override(RawHints(cfa="RGGB", black=0.0), RawHints(black=64.0))
        assert merged == RawHints(cfa="RGGB", black=64.0)
        # Zero is a value, not a gap.
        assert override(RawHints(black=64.0), RawHints(black=0.0)).black == 0

    def test_nine_numbers_are_needed(self) -> None:
        with pytest.raises(RawFormatError, match="needs 9 numbers, row by row; found 8"):
            matrix_from_nine([1.0] * 8)
