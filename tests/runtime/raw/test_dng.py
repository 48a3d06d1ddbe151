"""DNGs with known truths, tag by tag, and a real one."""

import lzma
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import RawError, RawFormatError, WhiteBalanceError
from lwisp_mobile.frame.developer import Developer, DevelopOptions
from lwisp_mobile.output.exif import gps_tags
from lwisp_mobile.output.geometry import undistort
from lwisp_mobile.output.tiff import bytes_tag, rational_tag, short_tag, signed_rational_tag, write_tiff
from lwisp_mobile.raw.color import SRGB_TO_XYZ, camera_to_srgb_from_xyz
from lwisp_mobile.raw.color_temperature import white_of_temperature
from lwisp_mobile.raw.corrections import Crop, NoiseProfile
from lwisp_mobile.raw.description import describe
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import CaptureInfo, GpsPosition, RawImage
from lwisp_mobile.raw.reader import decode_here, read_raw
from lwisp_mobile.raw.sandbox.client import decode_apart
from lwisp_mobile.serialize.json_text import to_json
from tests.runtime.raw.dng_files import (
    BYTE,
    CFA,
    DOUBLE,
    LINEAR_RAW,
    LONG,
    MATRIX,
    RATIONAL,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    Tag,
    gain_map,
    opcode,
    opcode_list,
    tag,
    write_dng,
)

NO_NEUTRAL = tag(50728, SHORT, 0)
GAINS = np.linspace(1, 2, 12, dtype=np.float32).reshape(3, 4, 1)


@pytest.fixture
def mosaic() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 4000, (48, 64), dtype=np.uint16)


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(1).integers(100, 4000, (48, 64, 3), dtype=np.uint16)


def read(
    folder: Path, samples: np.ndarray, *tags: Tag, photometric: int = CFA, hints: RawHints | None = None
) -> RawImage:
    return read_raw(write_dng(folder / "a.dng", samples, *tags, photometric=photometric), hints or RawHints())


def without_neutral(path: Path) -> Path:
    """The same file, its AsShotNeutral under a number that nobody knows."""
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHI", 50728, RATIONAL, 3))
    content[at : at + 2] = struct.pack("<H", 50705)
    path.write_bytes(content)
    return path


class TestLevels:
    def test_black_per_site_begins_at_the_active_area(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        tags = tag(50713, SHORT, 2, 2), tag(50714, RATIONAL, 60.5, 61, 62, 63), tag(50829, LONG, 1, 1, 47, 63)
        raw = read(tmp_path, mosaic, *tags, tag(50717, LONG, 4095))
        assert (raw.black_level, raw.white_level) == ((60.5, 61, 62, 63), 4095)
        assert np.array_equal(raw.mosaic, mosaic[1:47, 1:63])

    def test_black_by_row_and_column(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        rows = tag(50716, SRATIONAL, *[1, -2] * 24)
        raw = read(tmp_path, mosaic, tag(50714, SHORT, 64), rows, tag(50715, SRATIONAL, *[0, 10] * 32))
        assert raw.black_level == (65, 75, 62, 72)
        assert not any("BlackLevel" in note for note in raw.notes)
        raw = read(tmp_path, mosaic, tag(50714, SHORT, 64), tag(50716, SRATIONAL, *range(48)))
        assert raw.black_level == (87, 87, 88, 88)
        assert any("BlackLevelDeltaV isn't constant" in note for note in raw.notes)

    def test_black_of_large_cells_is_averaged_per_site(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read(tmp_path, mosaic, tag(50713, SHORT, 4, 4), tag(50714, SHORT, *range(100, 116)))
        assert raw.black_level == (105, 106, 109, 110)
        assert any("repeats over 4x4 sites" in note for note in raw.notes)

    def test_float_samples_have_libraws_levels(self, tmp_path: Path) -> None:
        samples = np.random.default_rng(0).random((48, 64)).astype(np.float32)
        raw = read(tmp_path, samples, tag(50717, SHORT, 1), tag(50714, SHORT, 0))
        light = (raw.mosaic - np.float64(raw.black_level[0])) / (raw.white_level - raw.black_level[0])
        assert light == pytest.approx(samples, abs=1e-3)
        assert raw.notes == ()

    def test_missing_white_is_noted_if_the_data_are_far_below(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        (note,) = [note for note in read(tmp_path, mosaic).notes if "white level" in note]
        assert "65535 was taken, but the largest sample is 3996" in note
        assert "--white 4095 if samples have 12 bits" in note
        assert read(tmp_path, mosaic * 10).notes == ()
        assert read(tmp_path, mosaic, tag(50717, SHORT, 65535)).notes == ()
        assert read(tmp_path, mosaic, hints=RawHints(white=4095)).notes == ()


class TestCrop:
    def test_default_crop(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        tags = tag(50829, LONG, 2, 4, 46, 60), tag(50719, RATIONAL, 3.5, 2), tag(50720, RATIONAL, 50, 40)
        raw = read(tmp_path, mosaic, *tags)
        assert raw.crop == Crop(top=2, left=4, height=40, width=50)
        assert raw.mosaic.shape == (44, 56)

    def test_the_picture_is_the_crop_upright(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read(tmp_path, mosaic, tag(50719, LONG, 4, 6), tag(50720, LONG, 50, 40), hints=RawHints(orientation=6))
        with Developer(shipped_bundle("lwisp-lite")) as developer:
            whole = developer.develop(replace(raw, crop=None, orientation=1))
            picture = developer.develop(raw)
        assert np.array_equal(picture, whole[6:46, 4:54][::-1].swapaxes(0, 1))

    def test_all_of_the_area_is_no_crop(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        assert read(tmp_path, mosaic, tag(50719, LONG, 0, 0), tag(50720, LONG, 64, 48)).crop is None
        assert read(tmp_path, mosaic).crop is None

    def test_a_crop_beyond_the_area_is_cut_with_a_note(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read(tmp_path, mosaic, tag(50719, LONG, 8, 8), tag(50720, LONG, 64, 30))
        assert raw.crop == Crop(8, 8, 30, 56)
        assert any("larger than the sensor's area" in note for note in raw.notes)

    @pytest.mark.parametrize(("origin", "size"), [((70, 0), (64, 48)), ((0, 0), (0, 0)), ((0, 47), (64, 48))])
    def test_a_crop_of_nothing_is_refused(
        self, tmp_path: Path, mosaic: np.ndarray, origin: tuple[int, int], size: tuple[int, int]
    ) -> None:
        with pytest.raises(RawFormatError, match=r"leaves nothing of the 64x48|DefaultCropSize 0, 0"):
            read(tmp_path, mosaic, tag(50719, LONG, *origin), tag(50720, LONG, *size))

    @pytest.mark.parametrize("area", [(0, 0, 49, 64), (9, 0, 9, 64), (0, 50, 48, 40)])
    def test_active_areas_beyond_the_samples_are_refused(
        self, tmp_path: Path, mosaic: np.ndarray, area: tuple[int, ...]
    ) -> None:
        with pytest.raises(RawError):
            read(tmp_path, mosaic, tag(50829, LONG, *area))


class TestColor:
    def test_white_point_instead_of_neutral(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        x, y = 0.3457, 0.3585
        path = without_neutral(write_dng(tmp_path / "a.dng", mosaic, tag(50729, RATIONAL, x, y)))
        neutral = np.reshape(MATRIX, (3, 3)) @ (np.array([x, y, 1 - x - y]) / y)
        raw = read_raw(path)
        assert raw.wb_gains == pytest.approx(tuple(neutral.max() / neutral), rel=1e-5)

    def test_neither_is_refused_with_what_helps(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        path = without_neutral(write_dng(tmp_path / "a.dng", mosaic))
        with pytest.raises(WhiteBalanceError, match=r"holds no as-shot.*daylight \(.*5200K \(.*grey-world \("):
            read_raw(path)
        assert "daylight is used instead" in read_raw(path, RawHints(white_balance="auto-fallback")).notes[0]

    def test_one_matrix_is_libraws(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read(tmp_path, mosaic)
        assert np.array(raw.camera_to_srgb) == pytest.approx(
            np.array(camera_to_srgb_from_xyz(np.reshape(MATRIX, (3, 3)))), abs=1e-5
        )

    def test_one_matrix_with_the_cameras_own_calibration(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        own = np.array([[1.05, 0.02, 0], [0, 0.97, 0.01], [0.03, 0, 1.1]])
        raw = read(tmp_path, mosaic, tag(50723, SRATIONAL, *own.ravel()), tag(50727, RATIONAL, 1.5, 1, 0.5))
        expected = camera_to_srgb_from_xyz(own @ np.reshape(MATRIX, (3, 3)))
        assert np.array(raw.camera_to_srgb) == pytest.approx(np.array(expected), abs=1e-5)

    def test_two_lights_are_mixed_by_the_white_point(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        """A white halfway, by reciprocal temperature, between lights A and D65: the mean of both matrices."""
        warm, cold = np.array(MATRIX).reshape(3, 3) + np.diag([0.2, 0, -0.2]), np.array(MATRIX).reshape(3, 3)
        x, y = white_of_temperature(1 / (0.5 / 2850 + 0.5 / 6500))
        white = np.array([x, y, 1 - x - y]) / y
        camera = (warm + cold) / 2
        neutral = camera @ white / (camera @ white).max()
        tags = (
            tag(50721, SRATIONAL, *warm.ravel()),
            tag(50722, SRATIONAL, *cold.ravel()),
            tag(50778, SHORT, 17),
            tag(50779, SHORT, 21),
        )
        raw = read(tmp_path, mosaic, *tags, tag(50728, RATIONAL, *neutral))
        cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
        adapt = np.linalg.inv(cones) @ np.diag(cones @ SRGB_TO_XYZ.sum(axis=1) / (cones @ white)) @ cones
        expected = np.linalg.inv(SRGB_TO_XYZ) @ adapt @ np.linalg.inv(camera) @ np.diag(camera @ white)
        assert np.array(raw.camera_to_srgb) == pytest.approx(expected, abs=2e-3)
        # The user's white decides, too.
        warm_raw = read(tmp_path, mosaic, *tags, hints=RawHints(white_balance="2850K"))
        assert np.array(warm_raw.camera_to_srgb) != pytest.approx(expected, abs=2e-3)

    def test_forward_matrix(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        forward = np.array([[0.6, 0.25, 0.1142], [0.2, 0.9, -0.1], [0.02, 0.05, 0.7549]])
        raw = read(tmp_path, mosaic, tag(50964, SRATIONAL, *forward.ravel()), tag(50778, SHORT, 21))
        to_srgb = np.array(
            [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.033454], [0.0719453, -0.2289914, 1.4052427]]
        )
        """XYZ under D50 to linear sRGB, Lindbloom's table."""
        assert np.array(raw.camera_to_srgb) == pytest.approx(to_srgb @ forward, abs=2e-3)

    def test_calibration_of_another_profile_is_not_used(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        forward = tag(50964, SRATIONAL, 0.6, 0.25, 0.1142, 0.2, 0.9, -0.1, 0.02, 0.05, 0.7549)
        own = tag(50723, SRATIONAL, 1, 0.2, 0, 0, 1, 0, 0, 0, 1)
        plain = read(tmp_path, mosaic, forward).camera_to_srgb
        calibrated = read(tmp_path, mosaic, forward, own).camera_to_srgb
        other = read(tmp_path, mosaic, forward, own, tag(50931, BYTE, b"mine\0")).camera_to_srgb
        assert calibrated != plain
        assert other == calibrated  # the signature must be text to differ
        text = (50931, 2, 0, "mine", True)
        assert read(tmp_path, mosaic, forward, own, text).camera_to_srgb == plain

    @pytest.mark.parametrize("value", [(0, 1, 1), (1, 1)])
    def test_broken_analog_balance_is_refused(self, tmp_path: Path, mosaic: np.ndarray, value: tuple[int, ...]) -> None:
        with pytest.raises(RawFormatError, match="AnalogBalance"):
            read(tmp_path, mosaic, tag(50727, RATIONAL, *value))


class TestLinear:
    def test_sampled_at_bayer_sites(self, tmp_path: Path, rgb: np.ndarray) -> None:
        raw = read(tmp_path, rgb, tag(50829, LONG, 3, 5, 45, 60), photometric=LINEAR_RAW)
        area = rgb[3:45, 5:60]
        assert raw.cfa == "RGGB"
        for site, color in enumerate((0, 1, 1, 2)):
            y, x = site // 2, site % 2
            assert np.array_equal(raw.mosaic[y::2, x::2], area[y::2, x::2, color])
        assert "The DNG is linear" in raw.notes[0]
        assert raw.wb_gains == pytest.approx((2, 1, 1.6))

    def test_levels_per_color(self, tmp_path: Path, rgb: np.ndarray) -> None:
        tags = tag(50714, SHORT, 64, 65, 66), tag(50717, LONG, 4002, 4000, 4001)
        raw = read(tmp_path, rgb, *tags, photometric=LINEAR_RAW)
        assert (raw.black_level, raw.white_level) == ((64, 65, 65, 66), 4000)

    def test_gain_maps_go_to_the_sites(self, tmp_path: Path, rgb: np.ndarray) -> None:
        gains = np.concatenate([GAINS, GAINS * 1.5, GAINS * 2], axis=2)
        maps = tag(51022, UNDEFINED, opcode_list(gain_map(gains, (0, 0, 48, 64), plane=(0, 3))))
        raw = read(tmp_path, rgb, maps, photometric=LINEAR_RAW)
        assert [(one.top, one.left, float(one.gains[0, 0, 0])) for one in raw.gain_maps] == [
            (0, 0, 1),
            (0, 1, 1.5),
            (1, 0, 1.5),
            (1, 1, 2),
        ]


class TestCorrections:
    def test_they_arrive(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        tags = (
            tag(51008, UNDEFINED, opcode_list(opcode(5, struct.pack(">5I", 0, 1, 0, 10, 20)))),
            tag(51009, UNDEFINED, opcode_list(gain_map(GAINS, (0, 0, 44, 56)))),
            tag(
                51022,
                UNDEFINED,
                opcode_list(
                    opcode(3, struct.pack(">7d", 0.2, 0, 0, 0, 0, 0.5, 0.5)),
                    opcode(1, struct.pack(">I8d", 1, 1, 0.1, 0, 0, 0, 0, 0.5, 0.5)),
                ),
            ),
            tag(50829, LONG, 2, 4, 46, 60),
        )
        raw = read(tmp_path, mosaic, *tags)
        assert [len(part) for part in (raw.gain_maps, raw.vignette, raw.bad_pixels, raw.warp)] == [1] * 4
        assert raw.bad_pixels[0].points.tolist() == [[8, 16]]
        assert np.array_equal(raw.gain_maps[0].gains, GAINS)

    @pytest.mark.parametrize("place", ["little", "big"])
    def test_opcodes_are_big_endian_in_either_file(self, tmp_path: Path, mosaic: np.ndarray, place: str) -> None:
        content = opcode_list(gain_map(GAINS, (0, 0, 48, 64)))
        order = "<" if place == "little" else ">"
        raw = read_raw(write_dng(tmp_path / "a.dng", mosaic, tag(51009, UNDEFINED, content), byteorder=order))
        assert np.array_equal(raw.gain_maps[0].gains, GAINS)
        assert np.array_equal(raw.mosaic, mosaic)

    def test_broken_lists_refuse_the_file_by_name(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        with pytest.raises(RawFormatError, match=r"a\.dng: OpcodeList2 has 4294967295 opcodes"):
            read(tmp_path, mosaic, tag(51009, UNDEFINED, b"\xff" * 8))

    def test_optional_ones_are_noted(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        content = opcode_list(opcode(8, b"12", optional=True))
        assert (
            "The file asks for what isn't honoured: MapPolynomial."
            in read(tmp_path, mosaic, tag(51009, UNDEFINED, content)).notes
        )

    @pytest.mark.parametrize(
        ("values", "scale", "offset"),
        [
            ((1e-3, 1e-6), (1e-3,) * 3, (1e-6,) * 3),
            ((1e-3, 1e-6, 2e-3, 2e-6, 3e-3, 3e-6), (1e-3, 2e-3, 3e-3), (1e-6, 2e-6, 3e-6)),
            ((1e-3, 1e-6, 2e-3, 2e-6, 4e-3, 4e-6, 5e-3, 5e-6), (1e-3, 3e-3, 5e-3), (1e-6, 3e-6, 5e-6)),
        ],
    )
    def test_noise_profile(
        self, tmp_path: Path, mosaic: np.ndarray, values: tuple[float, ...], scale: object, offset: object
    ) -> None:
        found = read(tmp_path, mosaic, tag(51041, DOUBLE, *values)).noise_profile
        assert found is not None
        assert (found.scale, found.offset) == (pytest.approx(scale), pytest.approx(offset))

    @pytest.mark.parametrize("values", [(0.0, 0.0), (1e-3, 1e-6, 2e-3)])
    def test_a_noise_profile_that_cannot_be_used_is_noted(
        self, tmp_path: Path, mosaic: np.ndarray, values: tuple[float, ...]
    ) -> None:
        raw = read(tmp_path, mosaic, tag(51041, DOUBLE, *values))
        assert raw.noise_profile is None
        assert [note.startswith("NoiseProfile (") for note in raw.notes if "NoiseProfile" in note] == [True]
        assert [fact.use for fact in raw.facts if fact.name == "NoiseProfile"] == ["not honoured"]

    def test_baseline_exposure(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        raw = read(tmp_path, mosaic, tag(50730, SRATIONAL, 1.25), tag(51109, SRATIONAL, -0.5))
        assert raw.baseline_exposure_ev == pytest.approx(0.75)
        with pytest.raises(RawFormatError, match=r"BaselineExposure is 99\.0 EV"):
            read(tmp_path, mosaic, tag(50730, SRATIONAL, 99))

    @pytest.mark.parametrize(
        ("one", "name"),
        [
            (tag(50718, RATIONAL, 1, 0.5), "DefaultScale (1, 0.5)"),
            (tag(50711, SHORT, 3), "CFALayout (3)"),
            (tag(50940, 11, 0.0, 0.0, 1.0, 1.0), "ProfileToneCurve"),
            (tag(52525, UNDEFINED, bytes(99)), "ProfileGainTableMap"),
            (tag(51125, RATIONAL, 0, 0, 0.5, 1), "DefaultUserCrop"),
        ],
    )
    def test_what_is_not_honoured_is_named(self, tmp_path: Path, mosaic: np.ndarray, one: Tag, name: str) -> None:
        raw = read(tmp_path, mosaic, one)
        assert any(note.startswith(f"The file asks for what isn't honoured: {name}") for note in raw.notes)
        assert [fact.use for fact in raw.facts if fact.name == name.partition(" ")[0]] == ["not honoured"]

    def test_neutral_values_are_not_worth_a_note(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        tags = tag(50718, RATIONAL, 1, 1), tag(51125, RATIONAL, 0, 0, 1, 1), tag(50717, SHORT, 4095)
        assert read(tmp_path, mosaic, *tags).notes == ()


class TestDirectories:
    def test_the_raw_one_among_several(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        """A preview first, the mosaic in a sub-directory, as Adobe's converter writes them."""
        import tifffile  # noqa: PLC0415

        from tests.runtime.raw.dng_files import BAYER, NEEDED  # noqa: PLC0415

        path = tmp_path / "a.dng"
        with tifffile.TiffWriter(path) as writer:
            preview = np.zeros((12, 16, 3), np.uint8)
            writer.write(preview, photometric="rgb", subifds=1, subfiletype=1, extratags=list(NEEDED), metadata=None)
            tags = [*BAYER, tag(50714, SHORT, 64), tag(50719, LONG, 2, 2), tag(50720, LONG, 60, 44)]
            writer.write(mosaic, photometric=CFA, subfiletype=0, extratags=tags, metadata=None)
        raw = read_raw(path)
        assert np.array_equal(raw.mosaic, mosaic)
        assert raw.black_level == (64,) * 4
        assert raw.crop == Crop(2, 2, 44, 60)

    def test_a_description_is_json(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        content = opcode_list(gain_map(GAINS, (0, 0, 48, 64)))
        tree = describe(read(tmp_path, mosaic, tag(51009, UNDEFINED, content), tag(51041, DOUBLE, 1e-3, 1e-6)))
        assert to_json(tree)
        assert tree["gain_maps"] == [
            {"area": [0, 0, 48, 64], "pitch": [1, 1], "points": [3, 4], "min_gain": 1.0, "max_gain": 2.0}
        ]
        assert {"name": "NoiseProfile", "value": "0.001, 1e-06", "use": "for models told the noise"} in tree["tags"]


@pytest.fixture(scope="session")
def gopro(raw_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    packed = raw_data / "gopro_hero7.dng.xz"
    if not packed.exists():
        pytest.skip(f"{packed} isn't here")
    path = tmp_path_factory.mktemp("gopro") / "gopro.dng"
    path.write_bytes(lzma.decompress(packed.read_bytes()))
    return path


class TestDevelop:
    def test_distortion_is_undone_unless_told(self, tmp_path: Path, mosaic: np.ndarray) -> None:
        warp = opcode_list(opcode(1, struct.pack(">I8d", 1, 0.8, 0, 0, 0, 0, 0, 0.5, 0.5)))
        raw = read(tmp_path, mosaic, tag(51022, UNDEFINED, warp))
        with Developer(shipped_bundle("lwisp-lite")) as developer:
            straight = developer.develop(raw)
            plain = developer.run(raw, DevelopOptions(distortion=False), np.float32).rgb
        assert np.array_equal(straight, undistort(plain, raw.warp[0]))
        assert not np.array_equal(straight, plain)

    @pytest.mark.parametrize("strip_gps", [True, False])
    def test_the_place_is_kept_unless_told(self, tmp_path: Path, mosaic: np.ndarray, strip_gps: bool) -> None:
        """The DNG is written with the place by the project's own writer: tifffile writes no GPS directory."""
        levels = short_tag(50714, 64), short_tag(50717, 4095), signed_rational_tag(50721, MATRIX)
        kind = bytes_tag(50706, bytes((1, 4, 0, 0))), short_tag(33421, 2, 2), bytes_tag(33422, bytes((0, 1, 1, 2)))
        place = gps_tags(CaptureInfo(gps=GpsPosition(33.5, -117.25)))
        write_tiff(tmp_path / "a.dng", mosaic, CFA, [*kind, *levels, rational_tag(50728, 0.5, 1, 0.6)], [], gps=place)
        output = tmp_path / "a.jpg"
        with Developer(shipped_bundle("lwisp-lite")) as developer:
            developer.develop_file(tmp_path / "a.dng", output, DevelopOptions(strip_gps=strip_gps))
        with Image.open(output) as picture:
            assert bool(picture.getexif().get_ifd(34853)) is not strip_gps


class TestGoPro:
    def test_facts(self, gopro: Path) -> None:
        raw = decode_here(gopro, RawHints())
        assert (raw.mosaic.shape, raw.cfa, raw.white_level, raw.orientation) == ((3000, 4000), "RGGB", 16383, 2)
        assert raw.notes == ()
        assert raw.crop is None
        assert [(one.top, one.left, one.row_pitch, one.gains.shape) for one in raw.gain_maps] == [
            (0, 0, 2, (23, 22, 1)),
            (0, 1, 2, (23, 22, 1)),
            (1, 0, 2, (23, 22, 1)),
            (1, 1, 2, (23, 22, 1)),
        ]
        assert all(one.gains.min() == 1 and 1.9 < one.gains.max() < 2 for one in raw.gain_maps)
        assert raw.noise_profile == NoiseProfile((0.00039362526149488986,) * 3, (1.2297640239467e-07,) * 3)
        assert (raw.info.model, raw.info.focal_length_35mm_mm) == ("HERO7 Black", 15)
        assert isinstance(raw.info.gps, GpsPosition)
        assert (round(raw.info.gps.latitude_deg), round(raw.info.gps.longitude_deg)) == (33, -117)

    def test_shading_falls_to_the_corners_as_the_maps_say(self, gopro: Path) -> None:
        """The maps are the right way round: they brighten most where they say the lens is darkest, in the corners."""
        for one in decode_here(gopro, RawHints()).gain_maps:
            corners = one.gains[[0, 0, -1, -1], [0, -1, 0, -1], 0]
            assert corners.min() > one.gains[11, 11, 0] + 0.5

    def test_both_lights_are_mixed(self, gopro: Path) -> None:
        raw = decode_here(gopro, RawHints())
        warm, cold = (decode_here(gopro, RawHints(white_balance=light)) for light in ("2850K", "5000K"))
        assert np.sum(raw.camera_to_srgb, axis=1) == pytest.approx([1, 1, 1])
        assert warm.camera_to_srgb != cold.camera_to_srgb

    def test_the_sandbox_gives_the_same(self, gopro: Path) -> None:
        here, apart = (decode(gopro, RawHints()) for decode in (decode_here, decode_apart))
        assert np.array_equal(here.mosaic, apart.mosaic)
        assert describe(here) == describe(apart)
        for ours, theirs in zip(here.gain_maps, apart.gain_maps, strict=True):
            assert np.array_equal(ours.gains, theirs.gains)
