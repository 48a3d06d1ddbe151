"""Colour by the white point, as the DNG specification 1.7.1 says in chapter 6 (Mapping Camera Color Space to CIE XYZ).

A camera's matrices, measured under one or two lights, are interpolated linearly in the reciprocal of the white point's
colour temperature. XYZ to camera is AnalogBalance * CameraCalibration * ColorMatrix; camera to XYZ (D50) is
ForwardMatrix * D * inverse(AnalogBalance * CameraCalibration), or without ForwardMatrix the inverse of XYZ to camera,
adapted to D50 by the linear Bradford transform.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.color import SRGB_TO_XYZ, as_matrix, scale_gains, unit_rows
from lwisp_mobile.raw.color_temperature import WhitePoint, temperature_of_white, white_of_temperature
from lwisp_mobile.raw.image import Gains

D50: WhitePoint = (0.3457, 0.3585)
D65: WhitePoint = (0.312727, 0.329023)
"""That of SRGB_TO_XYZ."""
PASSES = 30
CONVERGED = 1e-7

# Linearised Bradford, chapter 6.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

# Exif's LightSource in kelvin, as chapter 4 (CalibrationIlluminant1) refers to it; the fluorescents' middles.
ILLUMINANT_KELVIN = {
    1: 5500.0,
    2: 4150.0,
    3: 2850.0,
    4: 5500.0,
    9: 5500.0,
    10: 6500.0,
    11: 7500.0,
    12: 6400.0,
    13: 5050.0,
    14: 4150.0,
    15: 3525.0,
    16: 2925.0,
    17: 2850.0,
    18: 5500.0,
    19: 6500.0,
    20: 5500.0,
    21: 6500.0,
    22: 7500.0,
    23: 5000.0,
    24: 3200.0,
}

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A camera under one light. Matrices are (3, 3) float64."""

    kelvin: float | None
    """The light's colour temperature; None if the file doesn't say."""
    color: Matrix
    """XYZ to the reference camera of this model (ColorMatrix)."""
    camera: Matrix
    """The reference camera to this one (CameraCalibration)."""
    forward: Matrix | None = None
    """White-balanced reference camera to XYZ under D50 (ForwardMatrix)."""


@dataclass(frozen=True)
class CameraColor:
    """What a file says about its camera's colours."""

    calibrations: tuple[Calibration, ...]
    """One or two."""
    analog_balance: Gains = (1.0, 1.0, 1.0)

    def gains_at(self, white: WhitePoint) -> Gains:
        """White-balance gains for a white point. Raises RawFormatError if the camera can't see it."""
        neutral = self._xyz_to_camera(self._at(white)) @ _xyz(white)
        if not np.all(np.isfinite(neutral)) or neutral.min() <= 0:
            raise RawFormatError(
                f"The colour matrices make the white point {white[0]:.4f}, {white[1]:.4f} {neutral.round(4).tolist()} "
                "in camera colours; values over 0 are needed. Give gains with --white-balance R,G,B."
            )
        red, green, blue = (1 / neutral).tolist()
        return scale_gains((red, green, blue))

    def gains_at_temperature(self, kelvin: float, tint: float) -> Gains:
        """White-balance gains for a colour temperature and a tint. Raises as `gains_at`."""
        return self.gains_at(white_of_temperature(kelvin, tint))

    def white_of(self, gains: Gains) -> WhitePoint:
        """The white point that gains balance: its own matrices depend on it, so it's found in rounds.

        Raises RawFormatError if there is none.
        """
        neutral, white = 1 / np.array(gains), D50
        for step in range(PASSES):
            found = _white(_inverse(self._xyz_to_camera(self._at(white))) @ neutral)
            if abs(found[0] - white[0]) + abs(found[1] - white[1]) < CONVERGED:
                return found
            # Two values that alternate: the specification's reference takes their middle.
            white = found if step < PASSES - 1 else ((found[0] + white[0]) / 2, (found[1] + white[1]) / 2)
        return white

    def camera_to_srgb(self, gains: Gains) -> Matrix3:
        """Matrix from camera RGB, white-balanced by these gains, to linear sRGB; its rows sum to 1.

        Raises RawFormatError if the matrices can't be inverted.
        """
        white, neutral = self.white_of(gains), np.diag(1 / np.array(gains))
        at = self._at(white)
        if at.forward is None:
            to_d50 = _adapt(white, D50) @ _inverse(self._xyz_to_camera(at)) @ neutral
        else:
            to_reference = _inverse(np.diag(self.analog_balance) @ at.camera) @ neutral
            balance = np.diag(1 / to_reference.sum(axis=1))
            to_d50 = at.forward @ balance @ to_reference
        return as_matrix(unit_rows(_inverse(SRGB_TO_XYZ) @ _adapt(D50, D65) @ to_d50))

    def _xyz_to_camera(self, at: Calibration) -> Matrix:
        return np.diag(self.analog_balance) @ at.camera @ at.color

    def _at(self, white: WhitePoint) -> Calibration:
        """The calibration for a white point."""
        first = self.calibrations[0]
        lights = [each for each in self.calibrations if each.kelvin is not None]
        if len(lights) < 2 or lights[0].kelvin == lights[1].kelvin:
            return first
        cold, warm = sorted(lights, key=lambda each: each.kelvin or 0.0, reverse=True)
        share = _share(temperature_of_white(white)[0], warm.kelvin or 1.0, cold.kelvin or 1.0)
        return Calibration(
            None,
            _mix(share, warm.color, cold.color),
            _mix(share, warm.camera, cold.camera),
            _mix(share, warm.forward, cold.forward)
            if warm.forward is not None and cold.forward is not None
            else (cold.forward if warm.forward is None else warm.forward),
        )


def single_light(xyz_to_camera: Matrix) -> CameraColor:
    """Colours of a camera of which one matrix is known. xyz_to_camera: (3, 3)."""
    return CameraColor((Calibration(None, xyz_to_camera, np.eye(3)),))


def _share(kelvin: float, warm: float, cold: float) -> float:
    """How much of the warmer light's matrix to take, 0 to 1."""
    return float(np.clip((1 / kelvin - 1 / cold) / (1 / warm - 1 / cold), 0, 1))


def _mix(share: float, first: Matrix, second: Matrix) -> Matrix:
    return share * first + (1 - share) * second


def _xyz(white: WhitePoint) -> Matrix:
    x, y = white
    return np.array([x / y, 1, (1 - x - y) / y])


def _white(xyz: Matrix) -> WhitePoint:
    total = float(xyz.sum())
    x, y = (float(xyz[0]) / total, float(xyz[1]) / total) if total else (0.0, 0.0)
    if not (np.isfinite(x) and np.isfinite(y) and 0 < x < 1 and 0 < y < 1):
        raise RawFormatError(
            f"By the colour matrices, the white balance stands for the white point {x:.3g}, {y:.3g}, "
            "which no light has. Give --matrix, or another --white-balance."
        )
    return x, y


def _adapt(source: WhitePoint, target: WhitePoint) -> Matrix:
    """XYZ under one white to XYZ under another; scales within 0.1 to 10, as the specification's reference has it."""
    scale = np.clip((_BRADFORD @ _xyz(target)) / np.maximum(_BRADFORD @ _xyz(source), 1e-9), 0.1, 10)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD, np.float64)


def _inverse(matrix: Matrix) -> Matrix:
    if not np.all(np.isfinite(matrix)) or abs(np.linalg.det(matrix)) < 1e-9:
        raise RawFormatError("The camera's colour matrix is singular; give another with --matrix.")
    return np.asarray(np.linalg.inv(matrix), np.float64)
