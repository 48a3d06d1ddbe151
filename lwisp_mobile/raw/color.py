"""White balance and colour as files say them: gains and matrices, checked."""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError, WhiteBalanceError
from lwisp_mobile.raw.image import Gains

MAX_GAIN_RATIO = 16.0
"""Gains further apart than this belong to no light a camera meets (a candle needs about 6)."""

# Linear sRGB (D65) to CIE XYZ, IEC 61966-2-1.
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def check_gains(gains: Gains, origin: str = "as-shot") -> Gains:
    """Return white-balance gains that a file holds, scaled so that the smallest is 1.

    origin: which of the file's white balances these are, for the message.
    Raises WhiteBalanceError if a gain is missing, not positive, or absurd, or if all are equal:
    no Bayer sensor is white-balanced by itself, so equal gains mean that the file doesn't say.
    """
    found = ", ".join(f"{gain:.4g}" for gain in gains)
    if not np.all(np.isfinite(gains)) or min(gains) <= 0:
        raise WhiteBalanceError(f"The {origin} white balance ({found}) is invalid.")
    if max(gains) == min(gains):
        raise WhiteBalanceError(f"The {origin} white balance ({found}) is all equal: the file doesn't say.")
    if max(gains) / min(gains) > MAX_GAIN_RATIO:
        raise WhiteBalanceError(f"The {origin} white balance ({found}) spans more than {MAX_GAIN_RATIO:g} to 1.")
    return scale_gains(gains)


def scale_gains(gains: Gains) -> Gains:
    """Scale gains so that the smallest is 1, so that a saturated site stays at white or above."""
    low = min(gains)
    return gains[0] / low, gains[1] / low, gains[2] / low


def grey_world_gains(means: Gains) -> Gains:
    """Gains that make the mean R, G and B equal. means: linear, black subtracted.

    Raises WhiteBalanceError if a mean isn't positive (a black frame has no colour to balance).
    """
    if not np.all(np.isfinite(means)) or min(means) <= 0:
        found = ", ".join(f"{mean:.4g}" for mean in means)
        raise WhiteBalanceError(f"Grey-world needs positive means of R, G, B; found {found}. Give R,G,B gains.")
    return scale_gains((1 / means[0], 1 / means[1], 1 / means[2]))


def as_matrix(array: NDArray[np.float64]) -> Matrix3:
    """Turn a (3, 3) array into nested tuples. Raises RawFormatError on another shape or NaN."""
    if array.shape != (3, 3) or not np.all(np.isfinite(array)):
        raise RawFormatError(f"A colour matrix must be 3x3 and finite; found shape {array.shape}.")
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in array]
    return rows[0], rows[1], rows[2]


def unit_rows(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale each row to sum to 1, so that white stays white. Raises RawFormatError if a sum is near 0."""
    sums = matrix.sum(axis=1, keepdims=True)
    if not np.all(np.isfinite(sums)) or np.any(np.abs(sums) < 1e-3):
        found = ", ".join(f"{value:.3g}" for value in sums.ravel())
        raise RawFormatError(f"The colour matrix has rows summing to {found}; white can't be kept. Give --matrix.")
    return np.asarray(matrix / sums)


def camera_to_srgb_from_xyz(xyz_to_camera: NDArray[np.float64]) -> Matrix3:
    """Camera-to-sRGB matrix from a DNG-style XYZ-to-camera matrix, as dcraw's cam_xyz_coeff makes it."""
    srgb_to_camera = unit_rows(xyz_to_camera @ SRGB_TO_XYZ)
    if abs(np.linalg.det(srgb_to_camera)) < 1e-6:
        raise RawFormatError("The camera's colour matrix is singular; give another with --matrix.")
    return as_matrix(np.asarray(np.linalg.inv(srgb_to_camera), np.float64))
