"""A bundle's files as bytes, from a folder or a .zip: nothing is unpacked to disk, or read before its size is."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lwisp_mobile.errors import BundleError
from lwisp_mobile.serialize.files import unnamed_write

MAX_FILES = 32
"""A bundle has two or three models, a contract, a report, a model card and a signature."""
MAX_FILE_BYTES = 256 << 20
"""A student is below 10 MB; anything of this size isn't one."""
MAX_BUNDLE_BYTES = 512 << 20
MAX_RATIO = 100
"""Weights barely compress and JSON compresses tenfold; whatever unpacks to more is a zip bomb."""
SUFFIX = ".zip"

STRAY_FILES = (".ds_store", "desktop.ini", "thumbs.db")
"""What file managers leave behind, in lower case; Apple's `._` files are the same. A bundle is read, packed, signed and
checked without them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A date for every member, so that equal bundles are equal archives."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError)
"""What zipfile raises on a broken, encrypted or unsupported archive."""


def is_bundle_path(path: Path) -> bool:
    """Whether a path is a folder or a .zip, where a bundle may be."""
    return path.is_dir() or path.suffix.lower() == SUFFIX


def read_member(path: Path, name: str) -> bytes:
    """Read one file of a bundle's folder or .zip.

    Raises BundleError if it isn't there, is too large, or the archive has names that no bundle has (`check_names`).
    """
    if not path.is_dir() and path.suffix.lower() == SUFFIX:
        with _opened(path) as archive:
            return _unpack(path, archive, name)
    return _read_file(path / name)


def read_all(path: Path) -> dict[str, bytes]:
    """Read every file of a bundle, by name, but for stray ones.

    Raises BundleError as `read_member` does, and on folders within.
    """
    if path.is_dir():
        names = [name for name in sorted(os.listdir(path)) if not is_stray(name)]
        check_names(path, names)
        return {name: _read_file(path / name) for name in names}
    with _opened(path) as archive:
        return {name: _unpack(path, archive, name) for name in archive.namelist() if not is_stray(name)}


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle's files as a .zip: the same files, the same bytes. Raises BundleError on names no bundle has."""
    check_names(path, list(files))
    with unnamed_write(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, files[name])


def check_names(path: Path, names: list[str]) -> None:
    """Refuse names that point outside the bundle, that some file systems can't tell apart, or that are too many."""
    if len(names) > MAX_FILES:
        raise BundleError(f"{path} has {len(names)} files; a bundle has at most {MAX_FILES}.")
    for name in names:
        if not is_plain_name(name):
            raise BundleError(
                f"{path}: {name!r} isn't a plain file name. A bundle's files lie side by side, without folders; "
                "`lwisp pack FOLDER` writes such a .zip."
            )
    for name in names:
        if sum(other.casefold() == name.casefold() for other in names) > 1:
            raise BundleError(f"{path} contains {name!r} more than once. Don't use it; get the bundle again.")


def is_stray(name: str) -> bool:
    """Whether a file is a file manager's, not the bundle's."""
    return name.casefold() in STRAY_FILES or (name.startswith("._") and "/" not in name)


def is_plain_name(name: str) -> bool:
    """Whether a name stays within its folder, and is visible, on every system."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\:\0") and name.isprintable()


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive and check its table of contents."""
    _check_file(path, MAX_BUNDLE_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_contents(path, archive.infolist())
            yield archive
    except _DAMAGE as error:
        raise BundleError(f"{path} isn't a readable .zip ({error}). Get the bundle again.") from error
    except OSError as error:
        raise BundleError(f"{path} can't be read ({error.strerror or error}).") from error


def _check_contents(path: Path, members: list[zipfile.ZipInfo]) -> None:
    check_names(path, [member.filename for member in members if not is_stray(member.filename)])
    total = sum(member.file_size for member in members)
    if total > MAX_BUNDLE_BYTES:
        raise BundleError(f"{path} unpacks to {total} bytes; at most {MAX_BUNDLE_BYTES} are read.")
    for member in members:
        _check_member(f"{path}: {member.filename}", member)


def _check_member(where: str, member: zipfile.ZipInfo) -> None:
    if member.file_size > min(MAX_FILE_BYTES, MAX_RATIO * max(member.compress_size, 1)):
        raise BundleError(
            f"{where} unpacks from {member.compress_size} to {member.file_size} bytes; at most {MAX_FILE_BYTES} bytes "
            f"and {MAX_RATIO} times its packed size are read."
        )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"{where} has compression {member.compress_type}; 0 (stored) and 8 (deflated) are read.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleError(f"{where} is a link or a device, not a file. Don't use this archive.")


def _unpack(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        raise BundleError(f"{path} has no {name}. Give a bundle's folder or .zip (`lwisp pack` writes one).")
    # Never more than the table of contents says, and zipfile checks the CRC.
    return archive.read(name)


def _read_file(path: Path) -> bytes:
    _check_file(path, MAX_FILE_BYTES)
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} can't be read ({error.strerror}).") from error


def _check_file(path: Path, limit: int) -> None:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} can't be read ({error}). Give a bundle's folder or .zip.") from error
    # Reading a pipe or a device could wait forever.
    if not stat.S_ISREG(found.st_mode):
        raise BundleError(f"{path} isn't a file. Give a bundle's folder or .zip.")
    if found.st_size > limit:
        raise BundleError(f"{path} has {found.st_size} bytes; at most {limit} are read.")
