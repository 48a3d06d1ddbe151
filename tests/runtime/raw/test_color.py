"""White balance and colour matrices."""

import numpy as np
import pytest

from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.color import (
    SRGB_TO_XYZ,
    as_matrix,
    camera_to_srgb_from_xyz,
    check_gains,
    grey_world_gains,
    scale_gains,
    unit_rows,
)
from lwisp_mobile.raw.white_balance import FileBalance, choose_gains, mean_colors

# The XYZ-to-camera matrix of the Canon EOS D30 as DNG and dcraw give it.
CANON = np.array([[0.99, -0.2771, -0.1324], [-0.7072, 1.4229, 0.314], [-0.279, 0.3344, 0.8861]])
REFERENCE = ((1.7, -0.5, -0.2), (-0.2, 1.6, -0.4), (0.1, -0.6, 1.5))


def no_means() -> tuple[float, float, float]:
    raise AssertionError("the mosaic was measured without need")


def test_gains_are_scaled_to_a_smallest_of_1() -> None:
    assert check_gains((1024.0, 512.0, 768.0)) == (2.0, 1.0, 1.5)
    assert min(scale_gains((0.3, 0.7, 0.2))) == 1.0


@pytest.mark.parametrize(
    ("gains", "reason"),
    [
        ((-1.0, 0.976, 1.007), r"as-shot white balance \(-1, 0.976, 1.007\) is invalid"),
        ((0.0, 1.0, 1.0), "is invalid"),
        ((float("nan"), 1.0, 1.0), "is invalid"),
        ((float("inf"), 1.0, 1.0), "is invalid"),
        ((1.0, 1.0, 1.0), "all equal"),
        ((17.0, 1.0, 2.0), "more than 16 to 1"),
    ],
)
def test_absurd_gains_are_refused_with_what_to_do(gains: tuple[float, float, float], reason: str) -> None:
    with pytest.raises(WhiteBalanceError, match=f"{reason}.*Choose one with --white-balance"):
        check_gains(gains)


def test_given_gains_may_be_all_equal() -> None:
    balance = choose_gains((1.0, 1.0, 1.0), FileBalance(), no_means)
    assert balance.gains == (1.0, 1.0, 1.0)
    assert balance.note == "White balance as given: 1, 1, 1."


def test_as_shot_needs_no_note_and_daylight_does() -> None:
    said = FileBalance(as_shot=(2.0, 1.0, 1.5), daylight=(2.2, 1.1, 1.1))
    assert choose_gains("as-shot", said, no_means).note is None
    daylight = choose_gains("daylight", said, no_means)
    assert daylight.gains == (2.0, 1.0, 1.0)
    assert daylight.note == "White balance daylight instead of as-shot: 2, 1, 1."


@pytest.mark.parametrize("choice", ["as-shot", "daylight"])
def test_missing_balance_is_refused_by_name(choice: str) -> None:
    with pytest.raises(WhiteBalanceError, match=f"holds no {choice} white balance"):
        choose_gains(choice, FileBalance(), no_means)


@pytest.mark.parametrize("order", CFA_ORDERS)
@pytest.mark.parametrize("shape", [(8, 8), (9, 7)])
def test_grey_world_finds_the_gains_a_grey_scene_was_dimmed_by(order: str, shape: tuple[int, int]) -> None:
    light = {"R": 400, "G": 800, "B": 500}
    black = (10.0, 20.0, 30.0, 40.0)
    cell = np.array([light[letter] + level for letter, level in zip(order, black)]).reshape(2, 2)
    mosaic = np.tile(cell, (5, 5))[: shape[0], : shape[1]].astype(np.uint16)
    means = mean_colors(mosaic, order, black, 1023.0)
    assert means == pytest.approx((400, 800, 500))
    assert grey_world_gains(means) == pytest.approx((2.0, 1.0, 1.6))


def test_grey_world_leaves_out_saturated_cells() -> None:
    mosaic = np.tile(np.array([[100, 200], [200, 100]], np.uint16), (4, 4))
    mosaic[:4, :4] = 1023
    assert mean_colors(mosaic, "RGGB", (0.0,) * 4, 1023.0) == pytest.approx((100, 200, 100))


@pytest.mark.parametrize("level", [0, 1023])
def test_grey_world_refuses_black_and_white_frames(level: int) -> None:
    mosaic = np.full((8, 8), level, np.uint16)
    with pytest.raises(WhiteBalanceError, match="positive means of R, G, B; found 0, 0, 0"):
        grey_world_gains(mean_colors(mosaic, "RGGB", (0.0,) * 4, 1023.0))


def test_matrix_from_xyz_keeps_white_and_is_the_inverse() -> None:
    matrix = np.array(camera_to_srgb_from_xyz(CANON))
    assert matrix.sum(axis=1) == pytest.approx([1, 1, 1])
    srgb_to_camera = CANON @ SRGB_TO_XYZ
    srgb_to_camera /= srgb_to_camera.sum(axis=1, keepdims=True)
    assert matrix @ srgb_to_camera == pytest.approx(np.eye(3), abs=1e-9)


def test_singular_and_broken_matrices_are_refused() -> None:
    with pytest.raises(RawFormatError, match="singular"):
        camera_to_srgb_from_xyz(np.ones((3, 3)))
    with pytest.raises(RawFormatError, match=r"rows summing to 0, 1, 1.*Give --matrix"):
        unit_rows(np.diag([0.0, 1.0, 1.0]))
    with pytest.raises(RawFormatError, match="3x3 and finite"):
        as_matrix(np.full((3, 3), np.nan))
