"""Thumbnails of a drift, kept beside the results file: the device's picture, the float student's, the difference."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.errors import ResultsError
from lwisp_mobile.output.comparison import Picture, difference, png, worst_corner
from lwisp_mobile.serialize.files import atomic_write

WHOLE_PX = 256
"""Longest side of whole pictures; with SQUARE_PX, it limits a drift's pictures to about 350 kB."""
SQUARE_PX = 96


@dataclass(frozen=True)
class DriftPictures:
    """PNG files in the results' folder of pictures, each named by its SHA-256: equal pictures are kept once.

    Differences are signed, centred on mid-grey, amplified by `lwisp_mobile.output.comparison.AMPLIFICATION`.
    """

    device: str
    """The whole picture, reduced to WHOLE_PX."""
    difference: str
    """Whole and reduced: shows colour casts, while noise averages out."""
    square_top_px: int
    square_left_px: int
    """Corner of the square of SQUARE_PX where the pictures differ most; kept at full resolution."""
    device_square: str
    float_square: str
    difference_square: str


def pictures_folder(results: Path) -> Path:
    """The folder of a results file: `run.pictures` for `run.json`."""
    return results.with_suffix(".pictures")


def keep_pictures(folder: Path, device: Picture, reference: Picture) -> DriftPictures:
    """Write a drift's pictures. device, reference: (H, W, 3) float32 sRGB in [0, 1], finite."""
    folder.mkdir(parents=True, exist_ok=True)
    top, left = worst_corner(device, reference, SQUARE_PX)
    square = slice(top, top + SQUARE_PX), slice(left, left + SQUARE_PX)
    apart = difference(device, reference)
    return DriftPictures(
        device=_keep(folder, png(device, WHOLE_PX)),
        difference=_keep(folder, png(apart, WHOLE_PX)),
        square_top_px=top,
        square_left_px=left,
        device_square=_keep(folder, png(device[square], SQUARE_PX)),
        float_square=_keep(folder, png(reference[square], SQUARE_PX)),
        difference_square=_keep(folder, png(apart[square], SQUARE_PX)),
    )


def read_picture(folder: Path, name: str) -> bytes:
    """A kept PNG. Raises ResultsError if it's missing, or isn't the one that was written."""
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise ResultsError(
            f"{folder / name} can't be read ({error.strerror}). Keep the folder of pictures beside its results file."
        ) from error
    if _name(data) != name:
        raise ResultsError(f"{folder / name} isn't the picture that was written. Measure again.")
    return data


def _keep(folder: Path, data: bytes) -> str:
    path = folder / _name(data)
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
    return path.name


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:32]}.png"
