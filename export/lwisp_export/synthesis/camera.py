"""Cameras to unprocess for: colour matrix and white balance, sampled from measured sensors."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.color import as_matrix, scale_gains, unit_rows
from lwisp_mobile.raw.image import Gains

REFERENCE_TO_SRGB: Matrix3 = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.50), (-0.04, -0.66, 1.70))
"""The student's reference camera: the mean of 25 phone and board sensors' matrices at 5000 K."""


@dataclass(frozen=True)
class CameraColor:
    """A camera's colour under one light."""

    to_srgb: Matrix3
    """White-balanced linear camera RGB to linear sRGB, rows sum to 1."""
    gains: Gains
    """White-balance gains of R, G, B, the smallest 1."""


REFERENCE_CAMERA = CameraColor(REFERENCE_TO_SRGB, (1.9, 1.0, 1.7))
"""The reference camera in daylight, for pictures made without measured sensors."""


@dataclass(frozen=True)
class SensorColor:
    """One sensor's calibration over colour temperature."""

    name: str
    matrix_ct_k: NDArray[np.float64]
    matrices: NDArray[np.float64]
    """(n, 3, 3), rows sum to 1."""
    white_ct_k: NDArray[np.float64]
    white: NDArray[np.float64]
    """(m, 2): r/g and b/g of a grey surface."""

    def at(self, ct_k: float) -> CameraColor:
        """The camera's colour under a light of this temperature, interpolated."""
        flat = self.matrices.reshape(-1, 9)
        matrix = np.array([np.interp(ct_k, self.matrix_ct_k, flat[:, i]) for i in range(9)]).reshape(3, 3)
        red, blue = (float(np.interp(ct_k, self.white_ct_k, self.white[:, i])) for i in range(2))
        return CameraColor(as_matrix(unit_rows(matrix)), scale_gains((1 / red, 1.0, 1 / blue)))

    def sample(self, rng: np.random.Generator) -> CameraColor:
        """The camera under a random light between its calibration's ends, uniform in mired."""
        low, high = self.white_ct_k[0], self.white_ct_k[-1]
        return self.at(1e6 / rng.uniform(1e6 / high, 1e6 / low))


def load_sensors(path: Path) -> tuple[SensorColor, ...]:
    """Read colour calibrations (see README, 'Training data'); sensors without white points are left out.

    Raises UsageError if the file isn't there or isn't of that form.
    """
    try:
        sensors = json.loads(path.read_text())["sensors"]
        return tuple(_sensor(name, facts) for name, facts in sorted(sensors.items()) if facts.get("awb_ct_curve"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: no colour calibrations could be read ({error}). Give the data folder.") from error


def _sensor(name: str, facts: dict[str, Any]) -> SensorColor:
    ccm = sorted(facts["ccm"], key=lambda entry: float(entry["ct_k"]))
    white = sorted(facts["awb_ct_curve"], key=lambda entry: float(entry["ct_k"]))
    matrices = np.array([entry["matrix_row_major"] for entry in ccm]).reshape(-1, 3, 3)
    return SensorColor(
        name,
        np.array([float(entry["ct_k"]) for entry in ccm]),
        np.stack([unit_rows(matrix) for matrix in matrices]),
        np.array([float(entry["ct_k"]) for entry in white]),
        np.array([[entry["r_over_g"], entry["b_over_g"]] for entry in white]),
    )
