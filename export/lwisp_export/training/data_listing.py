"""The list of the data that the shipped recipes train on, and whether a folder has it."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from lwisp_export.training.photos import SUFFIXES, read_picture
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import atomic_write, file_sha256, read_file

MAX_LISTING_BYTES = 16 << 20
"""Some hundred thousand files."""
LISTED_FOLDERS = ("rgb", "sensor")
"""Of a data folder."""


@dataclass(frozen=True)
class DataCheck:
    """How a data folder differs from the list; names are relative to the folder."""

    as_listed: dict[str, int]
    """Files that are as listed, by their folder."""
    missing: tuple[str, ...]
    different: tuple[str, ...]
    unlisted: tuple[str, ...]
    """Training takes them, too, so its batches are others."""

    @property
    def is_complete(self) -> bool:
        """Whether the folder is exactly what is listed."""
        return not (self.missing or self.different or self.unlisted)


def shipped_listing() -> Path:
    """The list of what the shipped recipes were trained on."""
    return Path(str(files("lwisp_export"))) / "training" / "data_sha256.txt"


def compare_data(folder: Path, listing: Path) -> DataCheck:
    """Compare a data folder with a list. Raises UsageError if either can't be read."""
    listed, found = _read(listing), _hash_all(folder)
    as_listed = [name for name, digest in listed.items() if found.get(name) == digest]
    return DataCheck(
        dict(Counter(str(PurePosixPath(name).parent) for name in as_listed)),
        tuple(sorted(listed.keys() - found.keys())),
        tuple(sorted(name for name in listed.keys() & found.keys() if listed[name] != found[name])),
        tuple(sorted(found.keys() - listed.keys())),
    )


def write_listing(folder: Path, listing: Path) -> None:
    """Write the list of a data folder: a line per file, its hash and its name; atomic."""
    lines = [f"{digest}  {name}\n" for name, digest in _hash_all(folder).items()]
    with atomic_write(listing) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def content_sha256(path: Path) -> str:
    """SHA-256 of a file; of a picture, that of its shape and pixels, which outlive another encoder."""
    if path.suffix.lower() not in SUFFIXES:
        return file_sha256(path)
    picture = read_picture(path)
    return hashlib.sha256(repr(picture.shape).encode() + picture.tobytes()).hexdigest()


def _hash_all(folder: Path) -> dict[str, str]:
    paths = sorted(path for name in LISTED_FOLDERS for path in (folder / name).rglob("*") if path.is_file())
    if not paths:
        raise UsageError(f"{folder} has nothing in {' or '.join(LISTED_FOLDERS)}; give the folder that holds these.")
    return {path.relative_to(folder).as_posix(): content_sha256(path) for path in paths}


def _read(listing: Path) -> dict[str, str]:
    try:
        rows = [line.split("  ", 1) for line in read_file(listing, MAX_LISTING_BYTES).decode().splitlines()]
        return {name: digest for digest, name in rows}
    except (OSError, ValueError) as error:
        raise UsageError(f"{listing}: not a list of data ({error}). Lines are: hash, two spaces, name.") from error
