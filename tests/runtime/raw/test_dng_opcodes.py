"""Opcode lists: what is read of them, where it lands on the mosaic, and what is refused."""

import struct

import numpy as np
import pytest

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.corrections import BadPixels, GainMap, VignetteRadial, WarpRectilinear
from lwisp_mobile.raw.dng_opcodes import Frame, read_opcodes
from tests.runtime.raw.dng_files import gain_map, opcode, opcode_list

FRAME = Frame(sensor_height=60, sensor_width=80, top=4, left=6, height=48, width=64, cfa="RGGB")
LINEAR = Frame(48, 64, 0, 0, 48, 64, "RGGB", is_linear=True)
GAINS = np.linspace(1, 2, 12, dtype=np.float32).reshape(3, 4, 1)
IDENTITY_WARP = (1.0, 0, 0, 0, 0, 0)


def bad_list(points: list[tuple[int, int]], rectangles: list[tuple[int, ...]] = []) -> bytes:  # noqa: B006
    numbers = [number for place in (*points, *rectangles) for number in place]
    return opcode(5, struct.pack(f">3I{len(numbers)}I", 0, len(points), len(rectangles), *numbers))


def warp(*planes: tuple[float, ...], center: tuple[float, float] = (0.5, 0.5)) -> bytes:
    numbers = [number for plane in planes for number in plane]
    return opcode(1, struct.pack(f">I{len(numbers) + 2}d", len(planes), *numbers, *center))


def vignette(*numbers: float, optional: bool = False) -> bytes:
    return opcode(3, struct.pack(">7d", *numbers), optional=optional)


class TestGainMaps:
    def test_one_map_per_site(self) -> None:
        maps = [gain_map(GAINS * (1 + site / 10), (site // 2, site % 2, 48, 64), pitch=(2, 2)) for site in range(4)]
        found = read_opcodes({2: opcode_list(*maps)}, FRAME)
        for site, one in enumerate(found.corrections):
            assert isinstance(one, GainMap)
            assert (one.top, one.left, one.bottom, one.right) == (site // 2, site % 2, 48, 64)
            assert (one.row_pitch, one.col_pitch) == (2, 2)
            assert (one.row_origin, one.col_origin, one.row_spacing, one.col_spacing) == (0, 0, 1 / 2, 1 / 3)
            assert np.array_equal(one.gains, GAINS * np.float32(1 + site / 10))
            assert (one.gains.dtype, one.plane, one.planes) == (np.float32, 0, 1)
        assert [fact.use for fact in found.facts] == ["honoured"] * 4
        assert found.facts[0].value == "in OpcodeList2: 3x4 points, gains 1 to 2"

    def test_an_area_beyond_the_picture_ends_at_its_border(self) -> None:
        (one,) = read_opcodes({2: opcode_list(gain_map(GAINS, (0, 0, 99, 99)))}, FRAME).corrections
        assert isinstance(one, GainMap)
        assert (one.bottom, one.right) == (48, 64)

    def test_a_single_point_has_no_spacing(self) -> None:
        content = gain_map(GAINS[:1, :1], (0, 0, 48, 64), spacing=(0.0, -1.0), origin=(9.0, 9.0))
        (one,) = read_opcodes({2: opcode_list(content)}, FRAME).corrections
        assert isinstance(one, GainMap)
        assert (one.row_origin, one.col_origin, one.row_spacing, one.col_spacing) == (0, 0, 1, 1)

    @pytest.mark.parametrize(("stage", "frame"), [(3, FRAME), (2, LINEAR), (3, LINEAR)])
    def test_gains_of_three_colors_go_to_their_sites(self, stage: int, frame: Frame) -> None:
        gains = np.concatenate([GAINS, GAINS * 2, GAINS * 3], axis=2)
        found = read_opcodes({stage: opcode_list(gain_map(gains, (3, 5, 48, 64), plane=(0, 3)))}, frame).corrections
        factors = np.ones((48, 64))
        for one in found:
            assert isinstance(one, GainMap)
            factors[one.top : one.bottom : one.row_pitch, one.left : one.right : one.col_pitch] *= one.gains[0, 0, 0]
        expected = np.ones((48, 64))
        for row in range(3, 48):
            for column in range(5, 64):
                expected[row, column] = {"R": 1, "G": 2, "B": 3}["RGGB"[row % 2 * 2 + column % 2]]
        assert np.array_equal(factors, expected)

    def test_one_map_for_all_colors_stays_one(self) -> None:
        found = read_opcodes({2: opcode_list(gain_map(GAINS, (0, 0, 48, 64), plane=(0, 3)))}, LINEAR).corrections
        assert len(found) == 1

    def test_a_map_with_fewer_planes_repeats_its_last(self) -> None:
        gains = np.concatenate([GAINS, GAINS * 2], axis=2)
        found = read_opcodes({2: opcode_list(gain_map(gains, (0, 0, 48, 64), plane=(2, 1)))}, LINEAR).corrections
        (blue,) = found
        assert isinstance(blue, GainMap)
        assert (blue.top, blue.left) == (1, 1)
        assert np.array_equal(blue.gains, GAINS * 2)

    def test_colors_with_gaps_are_honoured_only_if_optional(self) -> None:
        content = gain_map(GAINS, (0, 0, 48, 64), plane=(0, 3), pitch=(2, 1), optional=True)
        found = read_opcodes({2: opcode_list(content)}, LINEAR)
        assert found.corrections == ()
        assert found.facts[0].use == "not honoured"
        with pytest.raises(RawFormatError, match="asks for GainMap, which isn't supported there"):
            read_opcodes({2: opcode_list(gain_map(GAINS, (0, 0, 48, 64), plane=(0, 3), pitch=(2, 1)))}, LINEAR)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (gain_map(GAINS, (0, 0, 48, 64), pitch=(0, 1)), r"pitch \(0, 1\)"),
            (gain_map(GAINS, (10, 0, 10, 64)), "holds none of the picture"),
            (gain_map(GAINS, (20, 0, 10, 64)), "holds none of the picture"),
            (gain_map(GAINS, (48, 0, 60, 64)), "holds none of the picture"),
            (gain_map(GAINS * np.float32("nan"), (0, 0, 48, 64)), "gains of nan to nan"),
            (gain_map(GAINS * -1, (0, 0, 48, 64)), "gains of -2 to -1"),
            (gain_map(GAINS * 0, (0, 0, 48, 64)), "gains of 0 to 0"),
            (gain_map(GAINS * 99, (0, 0, 48, 64)), "over 0 to 64 is needed"),
            (gain_map(GAINS, (0, 0, 48, 64), spacing=(0.0, 1.0)), "spacing 0"),
            (gain_map(GAINS, (0, 0, 48, 64), spacing=(float("nan"), 1.0)), "finite ones are needed"),
            (gain_map(GAINS, (0, 0, 48, 64), origin=(float("inf"), 1.0)), "finite ones are needed"),
            (gain_map(GAINS, (0, 0, 48, 64), plane=(1, 1)), "planes 1 to 1; there are 1"),
            (gain_map(GAINS, (0, 0, 48, 64), plane=(0, 0)), "planes 0 to -1"),
            (opcode(9, bytes(20)), "20 bytes; at least 76"),
            (
                opcode(9, struct.pack(">10I4dI", 0, 0, 9, 9, 0, 1, 1, 1, 2**31, 2**31, 1, 1, 0, 0, 2**31)),
                "points in 76",
            ),
            (opcode(9, struct.pack(">10I4dI", 0, 0, 9, 9, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0)), "0x0x0 points"),
            (gain_map(np.ones((600, 600, 1)), (0, 0, 48, 64)), "1 to 262144 points"),
        ],
    )
    def test_hostile_maps_are_refused(self, content: bytes, reason: str) -> None:
        with pytest.raises(RawFormatError, match=reason):
            read_opcodes({2: opcode_list(content)}, FRAME)

    def test_overlapping_maps_must_stay_within_bounds_together(self) -> None:
        strong = gain_map(GAINS * 16, (0, 0, 48, 64))
        with pytest.raises(RawFormatError, match=r"overlapping GainMaps with gains up to 1.02e\+03"):
            read_opcodes({2: opcode_list(strong, strong)}, FRAME)
        apart = [gain_map(GAINS * 16, (site // 2, site % 2, 48, 64), pitch=(2, 2)) for site in range(4)]
        assert len(read_opcodes({2: opcode_list(*apart)}, FRAME).corrections) == 4

    def test_many_maps_must_stay_within_bounds_together(self) -> None:
        large = gain_map(np.ones((500, 500, 1)), (0, 0, 48, 64))
        with pytest.raises(RawFormatError, match="1250000 gains"):
            read_opcodes({2: opcode_list(*[large] * 5)}, FRAME)


class TestOthers:
    @pytest.mark.parametrize("stage", [2, 3])
    def test_vignette(self, stage: int) -> None:
        (one,) = read_opcodes({stage: opcode_list(vignette(0.5, 0.1, 0, 0, 0, 0.4, 0.6))}, FRAME).corrections
        assert one == VignetteRadial((0.5, 0.1, 0, 0, 0), 0.4, 0.6)

    @pytest.mark.parametrize("planes", [1, 3])
    def test_warp(self, planes: int) -> None:
        rows = [(1.0 + plane / 100, 0.1, 0.02, 0.003, 1e-4, -1e-4) for plane in range(planes)]
        (one,) = read_opcodes({3: opcode_list(warp(*rows, center=(0.45, 0.55)))}, FRAME).corrections
        assert one == WarpRectilinear(tuple(rows), 0.45, 0.55)

    def test_bad_pixels_are_moved_from_the_sensor_to_the_mosaic(self) -> None:
        points = [(4, 6), (3, 20), (51, 69), (10, 70), (30, 40)]
        rectangles = [(0, 0, 4, 80), (2, 60, 6, 80), (10, 10, 12, 13)]
        (one,) = read_opcodes({1: opcode_list(bad_list(points, rectangles))}, FRAME).corrections
        assert isinstance(one, BadPixels)
        assert one.points.tolist() == [[0, 0], [47, 63], [26, 34]]
        assert one.rectangles.tolist() == [[0, 54, 2, 64], [6, 4, 8, 7]]
        assert one.constant is None

    def test_bad_constant(self) -> None:
        (one,) = read_opcodes({1: opcode_list(opcode(4, struct.pack(">2I", 0, 1)))}, FRAME).corrections
        assert isinstance(one, BadPixels)
        assert (one.constant, len(one.points)) == (0, 0)

    @pytest.mark.parametrize(
        ("stage", "content", "reason"),
        [
            (2, vignette(-2, 0, 0, 0, 0, 0.5, 0.5), "gains of -1 to 1"),
            (2, vignette(float("nan"), 0, 0, 0, 0, 0.5, 0.5), "isn't finite"),
            (2, vignette(1e9, 0, 0, 0, 0, 0.5, 0.5), "over 0 to 64"),
            (2, vignette(0, 0, 0, 0, 0, 7, 0.5), "centre at"),
            (2, opcode(3, bytes(55)), "55 bytes; 56 fit"),
            (3, warp(IDENTITY_WARP, IDENTITY_WARP), "2 planes"),
            (3, warp((float("inf"), 0, 0, 0, 0, 0)), "isn't finite"),
            (3, opcode(1, struct.pack(">I", 2**32 - 1)), "4294967295 planes"),
            (3, opcode(1, b""), "0 planes"),
            (1, bad_list([(60, 0)]), "beyond 80x60"),
            (1, bad_list([], [(5, 5, 5, 9)]), "a rectangle that is empty"),
            (1, bad_list([], [(0, 0, 61, 9)]), "beyond the sensor"),
            (1, opcode(5, struct.pack(">3I", 0, 2**31, 2**31)), "in 12 bytes"),
            (1, opcode(5, b"12345"), "5 bytes; at least 12"),
            (1, opcode(4, bytes(9)), "9 bytes; 8 fit"),
        ],
    )
    def test_hostile_opcodes_are_refused(self, stage: int, content: bytes, reason: str) -> None:
        with pytest.raises(RawFormatError, match=reason):
            read_opcodes({stage: opcode_list(content)}, FRAME)

    def test_unknown_ones_are_named_and_refused_unless_optional(self) -> None:
        for number, name in ((7, "MapTable"), (2, "WarpFisheye"), (999, "Opcode 999")):
            found = read_opcodes({2: opcode_list(opcode(number, b"12", optional=True))}, FRAME)
            assert [(fact.name, fact.use) for fact in found.facts] == [(name, "not honoured")]
            with pytest.raises(RawFormatError, match=f"OpcodeList2 asks for {name}.*isn't marked optional"):
                read_opcodes({2: opcode_list(opcode(number, b"12"))}, FRAME)

    @pytest.mark.parametrize(
        ("stage", "content", "frame"),
        [
            (1, gain_map(GAINS, (0, 0, 9, 9)), FRAME),
            (2, warp(IDENTITY_WARP), FRAME),
            (3, bad_list([(9, 9)]), FRAME),
            (1, bad_list([(9, 9)]), LINEAR),
        ],
    )
    def test_known_ones_in_a_list_they_do_not_belong_to(self, stage: int, content: bytes, frame: Frame) -> None:
        with pytest.raises(RawFormatError, match=f"OpcodeList{stage} asks for .*isn't supported there"):
            read_opcodes({stage: opcode_list(content)}, frame)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "0 bytes, too few"),
            (struct.pack(">I", 2**32 - 1), "4294967295 opcodes; at most 256"),
            (struct.pack(">I", 2) + opcode(7, b"", optional=True), "ends within the head of number 2"),
            (struct.pack(">I4I", 1, 9, 0, 0, 2**32 - 1), "of 4294967295 bytes where 0 are left"),
        ],
    )
    def test_broken_lists_are_refused(self, content: bytes, reason: str) -> None:
        with pytest.raises(RawFormatError, match=f"OpcodeList2 has .*{reason}"):
            read_opcodes({2: content}, FRAME)
