"""White balance and colour matrices."""

import numpy as np
import pytest

from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.color import (
    SRGB_TO_XYZ,
    as_matrix,
    camera_to_srgb_from_xyz,
    check_gains,
    scale_gains,
    unit_rows,
)

# The XYZ-to-camera matrix of the Canon EOS D30 as DNG and dcraw give it.
CANON = np.array([[0.99, -0.2771, -0.1324], [-0.7072, 1.4229, 0.314], [-0.279, 0.3344, 0.8861]])
REFERENCE = ((1.7, -0.5, -0.2), (-0.2, 1.6, -0.4), (0.1, -0.6, 1.5))


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
def test_absurd_gains_are_refused(gains: tuple[float, float, float], reason: str) -> None:
    with pytest.raises(WhiteBalanceError, match=reason):
        check_gains(gains)


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
