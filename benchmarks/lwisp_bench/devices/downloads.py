"""Downloads by pinned versions and hashes: Debian's packages from a mirror, PyPI's wheels by pip or uv; cached."""

import hashlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import DownloadError
from lwisp_mobile.child_process import python_command
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.folders import user_cache

MIRROR_VARIABLE = "LWISP_DEBIAN_MIRROR"
PLATFORMS = ("manylinux_2_27_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""glibc of 2018 and newer; none runs on Android's own C library."""
TIMEOUT_S = 120.0
_AR_HEADER_BYTES = 60


@dataclass(frozen=True)
class DebianPackage:
    """One version of a package."""

    path: str
    """In a mirror: pool/main/g/glibc/libc6_2.36-9+deb12u14_arm64.deb."""
    sha256: str


def cache_folder() -> Path:
    """The harness's folder for downloads."""
    return user_cache("lwisp-bench")


def debian_mirror() -> str:
    """The mirror in LWISP_DEBIAN_MIRROR, else the one that apt of this machine is configured to use.

    Raises DownloadError if neither names one.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    if named:
        return named.rstrip("/")
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text() for path in sources if path.is_file())
    found = re.search(r"^(?!\s*#).*?(https?://[^\s\]]+/debian)/?(?:\s|$)", text, re.MULTILINE)
    if found is None:
        raise DownloadError(
            f"This machine knows no Debian mirror. Set {MIRROR_VARIABLE} to the address of one (it ends in /debian)."
        )
    return found.group(1)


def fetch_package(package: DebianPackage) -> bytes:
    """A package from the cache, or from the mirror. Raises DownloadError if it isn't served, or isn't that version."""
    cached = cache_folder() / "debs" / package.sha256
    if cached.is_file() and _sha256(cached.read_bytes()) == package.sha256:
        return cached.read_bytes()
    name = package.path.rpartition("/")[2]
    address = f"{debian_mirror()}/{urllib.parse.quote(package.path)}"
    try:
        data = download(address)
    except OSError as error:
        raise DownloadError(
            f"{name} can't be downloaded ({error}). Check the network; if the mirror no longer serves this version, "
            f"set {MIRROR_VARIABLE} to one that keeps old ones (Debian's snapshots)."
        ) from error
    if _sha256(data) != package.sha256:
        raise DownloadError(f"{name} has the hash {_sha256(data)}, not {package.sha256}: the mirror isn't Debian's.")
    keep(cached, data)
    return data


def download(address: str) -> bytes:
    """What an address serves. Raises OSError: urllib's and the time limit's errors are of its kind."""
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as found:
        data: bytes = found.read()
    return data


def keep(path: Path, data: bytes) -> None:
    """Put a download into the cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def package_files(deb: bytes) -> tarfile.TarFile:
    """The files of a Debian package, which is an `ar` archive of two tar archives."""
    place = len("!<arch>\n")
    while place < len(deb):
        header = deb[place : place + _AR_HEADER_BYTES]
        name, size = header[:16].decode().strip(" /"), int(header[48:58])
        start = place + _AR_HEADER_BYTES
        if name.startswith("data.tar"):
            return tarfile.open(fileobj=io.BytesIO(deb[start : start + size]))
        place = start + size + size % 2
    raise DownloadError("A package has no data.tar; delete the cache of the harness and run again.")


def install_wheels(requirements: str, python: str, folder: Path) -> None:
    """Unpack aarch64 wheels into a folder. requirements: as of pip, every one with its hash. python: as 3.11.

    Raises DownloadError without pip and uv, or if they fail.
    """
    with tempfile.TemporaryDirectory() as temporary:
        listed = Path(temporary) / "requirements.txt"
        listed.write_text(requirements)
        command = [*_installer(python), "--target", str(folder), "--no-deps", "--require-hashes", "-r", str(listed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DownloadError(f"The wheels for Python {python} on ARM can't be downloaded ({last_line(done.stderr)}).")


def _installer(python: str) -> Sequence[str]:
    """Pip, or uv, whose environments have no pip."""
    if importlib.util.find_spec("pip") is not None:
        platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
        pip = python_command("-m", "pip", "install", "-q", "--no-compile", "--only-binary=:all:", *platforms)
        return [*pip, "--python-version", python, "--implementation", "cp"]
    uv = shutil.which("uv")
    if uv is None:
        raise DownloadError("Wheels are downloaded by pip or uv, and this environment has neither. Install pip.")
    target = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", python]
    return [uv, "pip", "install", "-q", "--only-binary", ":all:", *target]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
