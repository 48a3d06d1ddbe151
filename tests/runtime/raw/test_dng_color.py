"""Colour by the white point: the DNG specification's model against one computed here by hand."""

import numpy as np
import pytest

from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.color import SRGB_TO_XYZ, camera_to_srgb_from_xyz
from lwisp_mobile.raw.color_temperature import temperature_of_white, white_of_temperature
from lwisp_mobile.raw.dng_color import D50, D65, Calibration, CameraColor, single_light

TUNGSTEN = np.array([[1.1, -0.3, -0.15], [-0.55, 1.35, 0.2], [-0.1, 0.2, 0.6]])
DAYLIGHT = np.array([[0.9, -0.2, -0.1], [-0.7, 1.4, 0.3], [-0.2, 0.3, 0.8]])
SURFACES = np.random.default_rng(0).uniform(0.05, 0.9, (20, 3))
"""XYZ under the light at hand."""


def xyz(white: tuple[float, float]) -> np.ndarray:
    return np.array([white[0], white[1], 1 - white[0] - white[1]]) / white[1]


def bradford(source: tuple[float, float], target: tuple[float, float]) -> np.ndarray:
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    return np.linalg.inv(cones) @ np.diag(cones @ xyz(target) / (cones @ xyz(source))) @ cones


def srgb(surfaces: np.ndarray, white: tuple[float, float]) -> np.ndarray:
    """Linear sRGB of surfaces seen under a light, adapted to sRGB's white."""
    return surfaces @ (np.linalg.inv(SRGB_TO_XYZ) @ bradford(white, D65)).T


@pytest.mark.parametrize(
    ("white", "kelvin"),
    [((0.44757, 0.40745), 2856), (D50, 5003), ((0.33242, 0.34743), 5503), (D65, 6504), ((0.29902, 0.31485), 7504)],
)
def test_temperatures_of_the_standard_illuminants(white: tuple[float, float], kelvin: float) -> None:
    assert temperature_of_white(white)[0] == pytest.approx(kelvin, abs=5)


@pytest.mark.parametrize("kelvin", [1700, 2000, 2856, 4000, 5200, 6504, 9000, 25_000])
@pytest.mark.parametrize("tint", [-40, 0, 10])
def test_temperature_and_tint_come_back(kelvin: float, tint: float) -> None:
    assert temperature_of_white(white_of_temperature(kelvin, tint)) == pytest.approx((kelvin, tint), rel=1e-3, abs=1e-3)


def dual(share: float, **matrices: np.ndarray) -> tuple[CameraColor, tuple[float, float]]:
    """A camera measured under 2850 and 6500 K, and the white at which this share of the first is to be taken."""
    warm = Calibration(2850.0, TUNGSTEN, np.eye(3), matrices.get("warm"))
    cold = Calibration(6500.0, DAYLIGHT, np.eye(3), matrices.get("cold"))
    kelvin = 1 / (share / 2850 + (1 - share) / 6500)
    return CameraColor((warm, cold)), white_of_temperature(kelvin, 5.0)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_two_lights_are_mixed_by_reciprocal_temperature(share: float) -> None:
    color, white = dual(share)
    camera = share * TUNGSTEN + (1 - share) * DAYLIGHT
    gains = np.array(color.gains_at(white))
    assert gains * (camera @ xyz(white)) == pytest.approx(np.full(3, (gains * (camera @ xyz(white)))[0]), rel=1e-6)
    assert color.white_of(tuple(gains)) == pytest.approx(white, abs=1e-5)
    balanced = SURFACES @ camera.T / (camera @ xyz(white))
    found = balanced @ np.array(color.camera_to_srgb(tuple(gains))).T
    assert found == pytest.approx(srgb(SURFACES, white), abs=2e-4)


def test_beyond_both_lights_the_nearer_one_holds() -> None:
    color, _ = dual(0.5)
    for kelvin, camera in ((2000, TUNGSTEN), (9000, DAYLIGHT)):
        white = white_of_temperature(kelvin)
        gains = color.gains_at(white)
        assert gains == pytest.approx(single_light(camera).gains_at(white))


def test_the_order_of_the_lights_does_not_matter() -> None:
    color, white = dual(0.3)
    assert CameraColor(color.calibrations[::-1]).gains_at(white) == pytest.approx(color.gains_at(white))


def test_forward_matrices_replace_the_adaptation() -> None:
    warm, cold = (np.diag(xyz(D50)) @ (rows / rows.sum(axis=1, keepdims=True)) for rows in (TUNGSTEN, DAYLIGHT))
    color, white = dual(0.5, warm=warm, cold=cold)
    expected = np.linalg.inv(SRGB_TO_XYZ) @ bradford(D50, D65) @ (warm + cold) / 2
    assert np.array(color.camera_to_srgb(color.gains_at(white))) == pytest.approx(expected, abs=2e-4)


def test_calibration_and_analog_balance_belong_to_this_camera() -> None:
    """A camera with its own gains and crosstalk sees the same surfaces; a ForwardMatrix is for the reference camera."""
    own, balance = np.array([[1.05, 0.02, 0], [0, 0.97, 0.01], [0.03, 0, 1.1]]), (1.2, 1.0, 0.8)
    forward = np.diag(xyz(D50)) @ (DAYLIGHT / DAYLIGHT.sum(axis=1, keepdims=True))
    camera = np.diag(balance) @ own @ DAYLIGHT
    neutral = camera @ xyz(D50)
    balanced = SURFACES @ camera.T / neutral
    plain = CameraColor((Calibration(None, DAYLIGHT, own),), balance)
    assert balanced @ np.array(plain.camera_to_srgb(tuple(1 / neutral))).T == pytest.approx(
        srgb(SURFACES, D50), abs=2e-4
    )
    with_forward = CameraColor((Calibration(None, DAYLIGHT, own, forward),), balance)
    reference = SURFACES @ DAYLIGHT.T / (DAYLIGHT @ xyz(D50))
    expected = reference @ (np.linalg.inv(SRGB_TO_XYZ) @ bradford(D50, D65) @ forward).T
    assert balanced @ np.array(with_forward.camera_to_srgb(tuple(1 / neutral))).T == pytest.approx(expected, abs=2e-4)


def test_at_d65_one_matrix_is_what_libraw_makes_of_it() -> None:
    color = single_light(DAYLIGHT)
    found = color.camera_to_srgb(tuple(1 / (DAYLIGHT @ SRGB_TO_XYZ.sum(axis=1))))
    assert np.array(found) == pytest.approx(np.array(camera_to_srgb_from_xyz(DAYLIGHT)), abs=1e-3)


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.ones((3, 3)), np.full((3, 3), 1e300)])
def test_matrices_that_lead_nowhere_are_refused(matrix: np.ndarray) -> None:
    with pytest.raises(RawFormatError, match=r"singular|which no light has"):
        single_light(matrix).camera_to_srgb((2.0, 1.0, 1.5))


def test_white_points_the_camera_cannot_see_are_refused() -> None:
    with pytest.raises(RawFormatError, match="values over 0 are needed"):
        single_light(-DAYLIGHT).gains_at(D65)
