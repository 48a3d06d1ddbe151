"""Files: written whole or not at all, and hashed."""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_HASHED_BYTES = 4 << 30
"""Larger than any RAW file or model that is read."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; rename it to `path` on success, remove it on any error.

    The caller creates the temporary file, so that it gets the user's usual permissions. Raises OSError if the folder
    can't be written to, or if `path` exists and isn't a regular file: a rename would replace a device.
    """
    _refuse_devices(path)
    temporary = _neighbour(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def unnamed_write(path: Path) -> Iterator[Path]:
    """As `atomic_write`, and even a killed process leaves nothing behind: the file has no name until it is whole.

    Yields a path to an open file, to be written and not renamed. Where the system or the folder's file system has no
    unnamed files (other than Linux; NFS), this is `atomic_write`: a killed process leaves a hidden .lwisp-….part.
    """
    _refuse_devices(path)
    descriptor = _open_unnamed(path.absolute().parent)
    if descriptor is None:
        with atomic_write(path) as temporary:
            yield temporary
        return
    try:
        unnamed = Path(f"/proc/self/fd/{descriptor}")
        yield unnamed
        _name(unnamed, descriptor, path)
    finally:
        os.close(descriptor)


def _open_unnamed(folder: Path) -> int | None:
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError as error:
        # EISDIR: a kernel from before unnamed files.
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return None
        raise


def _name(unnamed: Path, descriptor: int, path: Path) -> None:
    """Give a whole file its name. A link can't replace an existing file; a rename can."""
    # For an absolute path the descriptor is ignored, but without one Python links to the symbolic link in /proc.
    try:
        os.link(unnamed, path, src_dir_fd=descriptor, follow_symlinks=True)
    except FileExistsError:
        temporary = _neighbour(path)
        os.link(unnamed, temporary, src_dir_fd=descriptor, follow_symlinks=True)
        temporary.replace(path)


def _refuse_devices(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file", str(path))


def _neighbour(path: Path) -> Path:
    return path.with_name(f".lwisp-{secrets.token_hex(8)}.part")


def check_file(path: Path, max_bytes: int) -> None:
    """Refuse what can't be read whole. Raises OSError if it isn't a file (a pipe might never end) or is larger."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    if found.st_size > max_bytes:
        raise OSError(errno.EFBIG, f"{found.st_size} bytes, and at most {max_bytes} are read", str(path))


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a file. Raises OSError as `check_file`, or if it can't be read."""
    check_file(path, max_bytes)
    return path.read_bytes()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError if it can't be read."""
    check_file(path, MAX_HASHED_BYTES)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
