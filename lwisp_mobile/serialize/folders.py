"""Folders that are made once and kept: in the user's cache, found whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def user_cache(name: str) -> Path:
    """A folder of the user's cache, in XDG_CACHE_HOME or ~/.cache; it needn't exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / name


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; rename it to `folder` on success, remove it on any error.

    If another process made `folder` meanwhile, that one stays: both are to hold the same. Raises OSError if the parent,
    which is created, can't be written to.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        yield building
        _move(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _move(building: Path, folder: Path) -> None:
    try:
        building.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
