"""RAW files by what a user types: files, folders, patterns, and - for standard input."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lwisp_mobile.errors import RawFormatError, UsageError
from lwisp_mobile.raw.reader import MAX_FILE_BYTES
from lwisp_mobile.raw.sidecar import find_sidecar

STDIN = Path("-")
_SUFFIXES = "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf rw2 rwl sr2 srf srw x3f"
CAMERA_SUFFIXES = frozenset(f".{name}" for name in _SUFFIXES.split())
"""What is developed of a folder, beside whatever has a sidecar."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """A RAW file, and the folder below the output folder that its picture belongs into."""

    path: Path
    subfolder: Path = Path()


def find_sources(given: Sequence[Path], *, recursive: bool = False) -> tuple[Source, ...]:
    """Find RAW files.

    given: files, which are taken as they are; folders, whose RAW files are taken; patterns, where no shell expanded
    them. recursive: look into the folders' folders, too. Raises UsageError on a folder or pattern without RAW files.
    """
    return tuple(source for path in given for source in _find(path, recursive))


def _find(path: Path, recursive: bool) -> list[Source]:
    if path.is_dir():
        found = [Source(file, file.parent.relative_to(path)) for file in _files(path, recursive) if _is_raw(file)]
        deeper = "" if recursive else " -r looks into its folders, too."
        advice = f"{path} has no RAW files ({', '.join(sorted(CAMERA_SUFFIXES))}, or any with a sidecar).{deeper}"
    elif not path.exists() and glob.has_magic(str(path)):
        found = [Source(Path(name)) for name in sorted(glob.glob(str(path)))]
        advice = f"No file matches {path}. Check the folder and the pattern."
    else:
        return [Source(path)]
    if not found:
        raise UsageError(advice)
    return found


def _files(folder: Path, recursive: bool) -> Iterator[Path]:
    pattern = "**/*" if recursive else "*"
    return (path for path in sorted(folder.glob(pattern)) if path.is_file() and not path.name.startswith("."))


def _is_raw(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in CAMERA_SUFFIXES or (suffix != ".toml" and find_sidecar(path) is not None)


def keep_stdin(stream: BinaryIO, path: Path) -> Path:
    """Write standard input to a file. Raises RawFormatError if it has more bytes than are read of a RAW file."""
    remaining = MAX_FILE_BYTES
    with path.open("wb") as file:
        while chunk := stream.read(min(_CHUNK_BYTES, remaining + 1)):
            remaining -= file.write(chunk)
            if remaining < 0:
                raise RawFormatError(f"Standard input has more than {MAX_FILE_BYTES} bytes; give one RAW file.")
    return path
