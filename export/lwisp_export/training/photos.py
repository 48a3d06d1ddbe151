"""Photographs in memory, split into training and validation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lwisp_export.training.training_recipe import DataRecipe
from lwisp_mobile.errors import UsageError

Picture = NDArray[np.uint8]
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True)
class PhotoSet:
    """Training and validation photographs; each (H, W, 3) uint8 sRGB."""

    training: tuple[Picture, ...]
    validation: tuple[Picture, ...]


def load_photos(folder: Path, recipe: DataRecipe) -> PhotoSet:
    """Read a recipe's photographs from the data folder.

    Raises UsageError if a folder is missing, nothing is left to train on, or a picture is too small or broken.
    """
    validation = [folder / name for name in recipe.validation]
    held_out = {*validation, *(folder / name for name in recipe.held_out)}
    paths = [path for name in recipe.photos for path in _list(folder / name) if path not in held_out]
    if not paths:
        raise UsageError(f"{folder}: no photographs to train on in {', '.join(recipe.photos)}.")
    pictures = (read_picture(path) for path in paths)
    training = tuple(picture for picture in pictures if min(picture.shape[:2]) >= recipe.patch_px)
    return PhotoSet(training, tuple(read_picture(path) for path in validation))


def read_picture(path: Path) -> Picture:
    """Read a photograph as (H, W, 3) uint8. Raises UsageError if it can't be read."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise UsageError(f"{path}: not a readable picture ({error}).") from error


def _list(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} isn't a folder; set --data to the data folder (README, 'Training data').")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
