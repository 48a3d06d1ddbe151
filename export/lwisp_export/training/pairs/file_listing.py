"""Files of pairs: listed, matched by name, and read; with errors for what doesn't fit the published layout."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lwisp_mobile.errors import UsageError

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
# What Pillow lets through from a damaged file; UnidentifiedImageError is an OSError.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
_MAX_NAMES = 8


@dataclass(frozen=True)
class PairFiles:
    """Two files of one picture."""

    name: str
    kind: str
    source: Path
    truth: Path


def list_folder(folder: Path, layout: str) -> list[Path]:
    """List a folder sorted, without hidden files (macOS archives contain `._1.png`).

    Numbers sort by value: 2 before 10. layout: how the set is published, for the message.
    Raises UsageError if the folder can't be listed.
    """
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise UsageError(f"{folder}: the folder can't be read ({error.strerror or error}). {layout}") from error
    return sorted(paths, key=lambda path: (len(path.stem), path.stem))


def list_files(folder: Path, suffix: str, layout: str) -> dict[str, Path]:
    """The files of one type by name without suffix. Raises UsageError if there are none."""
    found = {path.stem: path for path in list_folder(folder, layout) if path.suffix.lower() == suffix}
    if not found:
        raise UsageError(f"{folder}: there is no {suffix} file. {layout}")
    return found


def check_matched(where: Path, sources: Iterable[str], truths: Iterable[str], kinds: tuple[str, str]) -> None:
    """Refuse inputs without a truth and truths without an input. kinds: what both are called.

    Raises UsageError with the first of their names.
    """
    left, right = dict.fromkeys(sources), dict.fromkeys(truths)
    unmatched = [
        f"{kind} without {other}: {_some(missing)}"
        for kind, other, missing in (
            (kinds[0], kinds[1], [name for name in left if name not in right]),
            (kinds[1], kinds[0], [name for name in right if name not in left]),
        )
        if missing
    ]
    if unmatched:
        raise UsageError(
            f"{where}: {'; '.join(unmatched)}. Every picture needs both files under one name; unpack the archive "
            "again, or remove the unmatched files."
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more


def read_pixels(path: Path, mode: str, needed: str) -> Pixels:
    """Read a picture of one pixel type. mode: Pillow's name for it; needed: the same in words.

    Returns (H, W) or (H, W, C). Raises UsageError if the file is of another type, missing or damaged.
    """
    try:
        with Image.open(path) as image:
            if image.mode != mode:
                raise UsageError(f"{path}: pixels of type {image.mode} were found; {needed} is needed.")
            return np.asarray(image)
    except _DAMAGE as error:
        raise UsageError(f"{path}: the picture can't be read ({error}). Unpack it again from the archive.") from error


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read an 8-bit RGB picture, (H, W, 3). Raises UsageError if it's of another type or can't be read."""
    return np.asarray(read_pixels(path, "RGB", "an RGB picture of 8 bits (mode RGB)"), np.uint8)
