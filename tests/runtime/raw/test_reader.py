"""Camera files: what is read, and what is refused for which reason."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile.errors import (
    MissingExtraError,
    RawError,
    RawFormatError,
    UnsupportedSensorError,
    WhiteBalanceError,
)
from lwisp_mobile.raw import reader
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.libraw_facts import bayer_cell, camera_matrix, capture_info, exif_orientation, white_level
from lwisp_mobile.raw.reader import check_libraw, read_raw
from tests.runtime.raw.dng_files import (
    BYTE,
    LINEAR_RAW,
    LONG,
    RATIONAL,
    SHORT,
    SRATIONAL,
    replace_short,
    tag,
    write_dng,
)

D30, X4 = "canon_d30_tree.crw", "canon_x4_colorchart_ml14bit.dng"
ELSEWHERE = ("gopro_hero7.dng.xz",)
"""Read in test_dng.py."""


@pytest.fixture
def mosaic() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 4000, (48, 64), dtype=np.uint16)


def linked(raw_data: Path, name: str, folder: Path, sidecar: str = "") -> Path:
    """A real file under a temporary folder, with a sidecar beside it."""
    link = folder / name
    link.symlink_to(raw_data / name)
    if sidecar:
        link.with_name(name + ".toml").write_text(sidecar)
    return link


class TestRealFiles:
    def test_canon_x4(self, raw_data: Path) -> None:
        raw = read_raw(raw_data / X4)
        assert raw.mosaic.shape == (1156, 1734)
        assert (raw.cfa, raw.black_level, raw.white_level) == ("RGGB", (2056.0,) * 4, 15000.0)
        # AsShotNeutral 1, 2.477, 1.462.
        assert raw.wb_gains == pytest.approx((2.477, 1, 1.694), abs=1e-3)
        assert np.sum(raw.camera_to_srgb, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
        assert (raw.info.make, raw.info.model) == ("Canon", "Canon EOS Kiss X4")
        # The file holds zeros for all of these.
        assert (raw.info.iso, raw.info.exposure_s, raw.info.f_number, raw.info.taken_at) == (None,) * 4

    def test_canon_d30_has_no_valid_white_balance(self, raw_data: Path) -> None:
        with pytest.raises(WhiteBalanceError, match=rf"{D30}: The as-shot white balance \(-1, 0.9762, 1.007\)"):
            read_raw(raw_data / D30)

    def test_canon_d30_by_daylight(self, raw_data: Path) -> None:
        raw = read_raw(raw_data / D30, RawHints(white_balance="daylight"))
        assert raw.mosaic.shape == (1448, 2176)
        assert raw.cfa == "RGGB"
        assert raw.wb_gains == pytest.approx((1.924 / 0.915, 1, 0.967 / 0.915), rel=1e-3)
        assert raw.info.iso == 100
        assert raw.info.taken_at is not None
        assert raw.notes == ("White balance daylight instead of as-shot: 2.102, 1, 1.057.",)

    def test_sidecar_overrides_a_camera_file(self, raw_data: Path, tmp_path: Path) -> None:
        sidecar = 'white_balance = [2, 1, 1.5]\nblack = [1, 2, 3, 4]\nwhite = 4000\norientation = 6\nmodel = "D30"'
        raw = read_raw(linked(raw_data, D30, tmp_path, sidecar))
        assert raw.wb_gains == (2, 1, 1.5)
        assert (raw.black_level, raw.white_level, raw.orientation) == ((1, 2, 3, 4), 4000, 6)
        assert raw.info.model == "D30"

    def test_flags_win_over_the_sidecar(self, raw_data: Path, tmp_path: Path) -> None:
        path = linked(raw_data, X4, tmp_path, 'white_balance = "grey-world"\nblack = 2000')
        raw = read_raw(path, RawHints(black=2050.0))
        assert raw.black_level == (2050.0,) * 4
        assert raw.notes[0].startswith("White balance grey-world")

    @pytest.mark.parametrize(
        ("name", "shape", "sidecar"),
        [
            ("Indoor1_2592x1536_8bit_GRBG.raw", (1536, 2592), "size = [2592, 1536]\nbits = 8\nblack = 12"),
            ("Outdoor1_2592x1536_8bit_GRBG.raw", (1536, 2592), "size = [2592, 1536]\nbits = 8\nblack = 12"),
            ("Outdoor3_2592x1536_8bit_GRBG.raw", (1536, 2592), "size = [2592, 1536]\nbits = 8\nblack = 12"),
            ("ColorCheckerRAW_1920x1080_12bit_BGGR.raw", (1080, 1920), "size = [1920, 1080]\nbits = 12\nblack = 4"),
            ("BlackImage_1920x1080_12bits_BGGR.raw", (1080, 1920), "size = [1920, 1080]\nbits = 12\nblack = 4"),
            ("DSC_1339_768x512_rggb.raw", (512, 768), "size = [768, 512]\nbits = 14\nblack = 600"),
            ("halide_n900_small_256x344_GRBG.png", (344, 256), "bits = 11\nblack = 0\nwhite = 1023"),
        ],
    )
    def test_headerless(self, raw_data: Path, tmp_path: Path, name: str, shape: tuple[int, int], sidecar: str) -> None:
        order = Path(name).stem.split("_")[-1].upper()
        facts = f'{sidecar}\ncfa = "{order}"\nwhite_balance = [1.8, 1, 1.6]'
        raw = read_raw(linked(raw_data, name, tmp_path, facts))
        assert raw.mosaic.shape == shape
        assert raw.cfa == order
        # Both greens see the same scene, red and blue another: the order isn't off by one.
        # (The black frame's rows differ by 1.)
        means = [raw.mosaic[site // 2 :: 2, site % 2 :: 2].mean() for site in range(4)]
        greens = [mean for mean, letter in zip(means, order) if letter == "G"]
        others = [mean for mean, letter in zip(means, order) if letter != "G"]
        assert abs(greens[0] - greens[1]) <= max(1.5, 0.2 * abs(others[0] - others[1]))

    def test_n900_exceeds_its_10_bits(self, raw_data: Path) -> None:
        hints = RawHints(cfa="GRBG", bits=10, black=0.0, white_balance="grey-world")
        with pytest.raises(RawFormatError, match="largest sample is 1053, but bits = 10 allows 1023"):
            read_raw(raw_data / "halide_n900_small_256x344_GRBG.png", hints)

    def test_black_frame_has_no_grey_world(self, raw_data: Path) -> None:
        hints = RawHints(size=(1920, 1080), bits=12, cfa="BGGR", black=4.0, white_balance="grey-world")
        with pytest.raises(WhiteBalanceError, match="Grey-world needs positive means"):
            read_raw(raw_data / "BlackImage_1920x1080_12bits_BGGR.raw", hints)

    def test_every_real_file_is_covered_here(self, raw_data: Path) -> None:
        here = Path(__file__).read_text()
        assert [file.name for file in raw_data.iterdir() if file.name not in here] == []

    @pytest.mark.parametrize("name", [X4, D30])
    @pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
    def test_truncated(self, raw_data: Path, tmp_path: Path, name: str, share: float) -> None:
        content = (raw_data / name).read_bytes()
        path = tmp_path / name
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(RawFormatError, match="truncated"):
            read_raw(path)


class TestSensors:
    def test_monochrome_dng(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic, photometric=1)
        replace_short(path, 262, LINEAR_RAW)
        with pytest.raises(UnsupportedSensorError, match="monochrome"):
            read_raw(path)

    def test_x_trans(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        rows = ("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG")
        pattern = bytes("RGB".index(letter) for row in rows for letter in row)
        path = write_dng(tmp_path / "a.dng", mosaic, tag(33421, SHORT, 6, 6), tag(33422, BYTE, pattern))
        with pytest.raises(UnsupportedSensorError, match="X-Trans filter, a 6x6 pattern"):
            read_raw(path)

    def test_quad_bayer(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        pattern = bytes("RGB".index(letter) for letter in "RRGGRRGGGGBBGGBB")
        path = write_dng(tmp_path / "a.dng", mosaic, tag(33421, SHORT, 4, 4), tag(33422, BYTE, pattern))
        with pytest.raises(UnsupportedSensorError, match="not Bayer"):
            read_raw(path)

    def test_complementary_filters(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic, tag(33422, BYTE, bytes((3, 4, 5, 1))))
        with pytest.raises(UnsupportedSensorError, match="not Bayer"):
            read_raw(path)

    @pytest.mark.parametrize("top", [0, 1, 2, 3])
    @pytest.mark.parametrize("left", [0, 1, 2, 3])
    def test_order_is_that_of_the_visible_area(self, top: int, left: int) -> None:
        pattern = np.array([[0, 1], [3, 2]], np.uint8)
        cell = bayer_cell(pattern, "RGBG", top, left)
        sensor = np.tile(pattern, (3, 3))[top : top + 2, left : left + 2].ravel()
        assert cell.colors == tuple(sensor)
        assert cell.cfa == "".join("RGBG"[color] for color in sensor)

    @pytest.mark.parametrize("area", [(0, 0, 48, 64), (2, 4, 46, 60), (1, 1, 47, 63), (3, 2, 48, 64)])
    def test_masked_borders_are_cut(self, tmp_path: Path, mosaic: np.ndarray, area: tuple[int, int, int, int]) -> None:
        """The mosaic is the active area to the pixel, though LibRaw moves odd borders; the pattern begins there."""
        raw = read_raw(write_dng(tmp_path / "a.dng", mosaic, tag(50829, LONG, *area)))
        assert np.array_equal(raw.mosaic, mosaic[area[0] : area[2], area[1] : area[3]])
        assert raw.cfa == "RGGB"


class TestFacts:
    def test_flips_are_exif_orientations(self) -> None:
        assert [exif_orientation(flip) for flip in (0, 1, 3, 2, 4, 6, 7, 5)] == list(range(1, 9))
        assert [exif_orientation(degrees) for degrees in (90, 180, 270)] == [6, 3, 8]

    @pytest.mark.parametrize(
        ("maximum", "by_color", "white"),
        [
            (4095, None, 4095),
            (16383, [15000, 15100, 15000, 15200], 15000),
            (4095, [64] * 4, 4095),
            (4095, [5000] * 4, 4095),
        ],
    )
    def test_white_level_must_be_plausible(self, maximum: int, by_color: list[int] | None, white: float) -> None:
        assert white_level(maximum, by_color, (64.0,) * 4) == white

    def test_placeholders_are_not_facts(self) -> None:
        info = capture_info(0.0, 1.0, 1.0, 0.0, None)
        assert (info.iso, info.exposure_s, info.f_number, info.focal_length_mm) == (None,) * 4
        assert capture_info(65535.0, 1.0, 1.0, 50.0, None).iso is None

    def test_a_second_at_f1_is_a_fact_when_the_iso_is_known(self) -> None:
        info = capture_info(100.0, 1.0, 1.0, 50.0, None)
        assert (info.exposure_s, info.f_number) == (1.0, 1.0)

    def test_matrix_of_four_colors_folds_the_second_green(self) -> None:
        rows = np.array([[1.5, -0.3, 0.1, -0.3], [0, 0.5, 0, 0.5], [0, -0.25, 1.5, -0.25]], np.float32)
        expected = np.array([[1.5, -0.6, 0.1], [0, 1, 0], [0, -0.5, 1.5]])
        assert camera_matrix(rows, np.zeros((4, 3), np.float32)) == pytest.approx(expected, abs=1e-6)

    def test_no_matrix_is_none(self) -> None:
        assert camera_matrix(np.zeros((3, 4), np.float32), np.zeros((4, 3), np.float32)) is None

    def test_given_matrix_replaces_a_broken_one(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic, tag(50721, SRATIONAL, 1, *[0] * 8))
        with pytest.raises(RawFormatError, match="colour matrix"):
            read_raw(path)
        given = ((1.5, -0.5, 0.0), (0.0, 1.0, 0.0), (0.0, -0.5, 1.5))
        assert read_raw(path, RawHints(matrix=given)).camera_to_srgb == given

    def test_broken_white_balance_can_be_replaced(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic, tag(50728, RATIONAL, 1, 1, 1))
        with pytest.raises(WhiteBalanceError, match="all equal"):
            read_raw(path)
        assert read_raw(path, RawHints(white_balance=(1.0, 1.0, 1.0))).wb_gains == (1, 1, 1)

    def test_mosaic_is_a_copy(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read_raw(write_dng(tmp_path / "a.dng", mosaic))
        assert raw.mosaic.flags.owndata
        assert np.array_equal(raw.mosaic, mosaic)


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "has 0 bytes"),
            (b"not a RAW file\n" * 50, "isn't a RAW file that LibRaw knows"),
            (b"II*\0" + b"\xff" * 100, "isn't a RAW file|truncated"),
        ],
    )
    def test_content(self, tmp_path: Path, content: bytes, reason: str) -> None:
        path = tmp_path / "a.dng"
        path.write_bytes(content)
        with pytest.raises(RawFormatError, match=rf"a\.dng: .*({reason})"):
            read_raw(path)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(RawFormatError, match="no such file"):
            read_raw(tmp_path / "a.dng")

    def test_folder_and_device(self, tmp_path: Path) -> None:
        for path in (tmp_path, Path("/dev/null")):
            with pytest.raises(RawFormatError, match="a folder or a device"):
                read_raw(path)

    def test_frames_beyond_the_cap_take_no_memory(
        self, tmp_path: Path, mosaic: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic)
        monkeypatch.setattr(reader, "MAX_PIXELS", mosaic.size - 1)
        with pytest.raises(RawFormatError, match="declares 64x48 px; at most"):
            read_raw(path)

    def test_huge_declared_size(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic)
        content = bytearray(path.read_bytes())
        for number in (256, 257):
            at = content.index(number.to_bytes(2, "little") + b"\4\0\1\0\0\0")
            content[at + 8 : at + 12] = (60_000).to_bytes(4, "little")
        path.write_bytes(content)
        with pytest.raises(RawFormatError, match=r"60000x60000 px; at most 400 Mpx|truncated|memory"):
            read_raw(path)

    @pytest.mark.parametrize("hints", [RawHints(size=(64, 48)), RawHints(bits=12), RawHints(byte_order="big")])
    def test_facts_of_plain_files_for_a_camera_file(self, tmp_path: Path, mosaic: np.ndarray, hints: RawHints) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic)
        with pytest.raises(RawFormatError, match="is for mosaics without a header"):
            read_raw(path, hints)

    def test_any_damage_ends_in_a_typed_error_or_a_picture(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        good = write_dng(tmp_path / "good.dng", mosaic).read_bytes()
        rng = np.random.default_rng(0)
        path, messages = tmp_path / "bad.dng", []
        for _ in range(150):
            bad = bytearray(good)
            for at in rng.integers(0, 500, 3):
                bad[at] = rng.integers(256)
            path.write_bytes(bad)
            try:
                read_raw(path)
            except RawError as error:
                messages.append(str(error))
        assert 0 < len(messages) < 150
        assert all(message.startswith(str(path)) for message in messages)


class TestRawpy:
    @pytest.mark.parametrize("version", [(0, 21, 4), (0, 22, 0)])
    def test_old_libraw_is_refused(self, version: tuple[int, int, int]) -> None:
        found = ".".join(map(str, version))
        with pytest.raises(MissingExtraError, match=rf"LibRaw {found}.*0\.22\.1 or later.*pip install"):
            check_libraw(version)

    def test_new_libraw_is_taken(self) -> None:
        check_libraw((0, 22, 1))
        check_libraw((1, 0, 0))

    def test_missing_rawpy_names_the_extra(
        self, tmp_path: Path, mosaic: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_dng(tmp_path / "a.dng", mosaic)
        monkeypatch.setitem(sys.modules, "rawpy", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'lwisp-mobile\[raw\]'"):
            read_raw(path)

    def test_reading_and_writing_import_nothing_heavy(self) -> None:
        code = (
            "import sys, lwisp_mobile.raw.reader, lwisp_mobile.output.picture\n"
            "print([name for name in ('rawpy', 'PIL', 'tifffile', 'torch', 'lwisp_export') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_hints_of_one_file_do_not_leak_into_another(tmp_path: Path, mosaic: np.ndarray) -> None:
    first, second = (write_dng(tmp_path / name, mosaic) for name in ("a.dng", "b.dng"))
    first.with_suffix(".toml").write_text("orientation = 8")
    assert read_raw(first).orientation == 8
    assert read_raw(second).orientation == 1
