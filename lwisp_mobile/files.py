"""Files: written whole or not at all, and hashed."""

import errno
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; rename it to `path` on success, remove it on any error.

    The caller creates the temporary file, so that it gets the user's usual permissions. Raises OSError if
    the folder can't be written, or if `path` is there and isn't a file: renaming would replace a device.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    temporary = path.with_name(f".lwisp-{secrets.token_hex(8)}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
