"""A Python with LiteRT for devices that have none, such as stock phones: one folder, started by a loader of its own.

Debian's arm64 C library, loader and Python beside PyPI's wheels. The loader is named explicitly, so nothing of the
device's own libraries is used or needed, be they glibc's, musl's or Android's.
"""

import hashlib
import io
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from lwisp_bench.devices.device import Device
from lwisp_bench.devices.downloads import DebianPackage, cache_folder, fetch_package, install_wheels, package_files
from lwisp_bench.devices.transport import FULL, last_line, quoted
from lwisp_bench.errors import DeviceFullError, MissingRuntimeError
from lwisp_mobile.progress import Progress, StepBar
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict

LAYOUT = 2
"""Incremented when the folder's layout changes, so that older ones aren't used."""
MACHINES = ("aarch64", "arm64")
UNPACK_TIMEOUT_S = 300.0
_UNUSED_MODULES = ("ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "turtledemo")
_UNUSED_IN_WHEELS = ("tests", "f2py", "libLiteRtWebGpuAccelerator.so", "bin", "include")

_SHEBANG = "if [ -x /bin/sh ]; then echo '#!/bin/sh'; else echo '#!/system/bin/sh'; fi"
# The script's own path as the interpreter's name: Python then starts its children by it, too.
_START = """
here=$(cd "${0%/*}" && pwd)
export PYTHONHOME="$here/python" PYTHONPATH="$here/site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUTF8=1 TMPDIR="$here"
exec "$here/lib/ld-linux-aarch64.so.1" --inhibit-cache --argv0 "$here/python3" --library-path "$here/lib" \\
  "$here/python/bin/python" "$@"
"""


@dataclass(frozen=True)
class Parts:
    """What the runtime is made of."""

    python: str
    libraries: tuple[str, ...]
    """Names of shared libraries to take from the packages."""
    wheels: str
    """Requirements with hashes, as pip reads them."""
    packages: tuple[DebianPackage, ...]

    @property
    def digest(self) -> str:
        """Names the runtime made of these."""
        return hashlib.sha256(repr((self, LAYOUT, _START)).encode()).hexdigest()[:16]


def runtime_parts() -> Parts:
    """The parts pinned by this release."""
    text = files(__package__).joinpath("brought_runtime.toml").read_text()
    return from_dict(Parts, tomllib.loads(text), "brought_runtime.toml")


def bring_runtime(device: Device, parts: Parts | None = None) -> str:
    """Put the runtime on an arm64 device unless it is there. Returns the path of its Python.

    Raises MissingRuntimeError on another processor, DownloadError, DeviceFullError, DeviceError.
    """
    if device.describe().machine not in MACHINES:
        raise MissingRuntimeError(
            f"{device.name} is {device.describe().machine}; a runtime can only be brought to arm64. "
            "Install Python and tflite-runtime there."
        )
    parts = parts or runtime_parts()
    folder = f"{device.folder}/runtime-{parts.digest}"
    if device.run(quoted("test", "-d", folder)).status != 0:
        with StepBar(len(parts.packages) + 3, f"Python and LiteRT for {device.name}") as progress:
            archive = runtime_archive(parts, progress)
            progress("pushing")
            _unpack(device, archive.read_bytes(), folder)
    return f"{folder}/python3"


def runtime_archive(parts: Parts, progress: Progress) -> Path:
    """The runtime as a tar file in the cache, made on first use. Raises DownloadError."""
    archive = cache_folder() / f"runtime-{parts.digest}.tar"
    if not archive.is_file():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(archive) as temporary, tarfile.open(temporary, "w") as tar:
            for package in parts.packages:
                progress(PurePosixPath(package.path).name)
                for name, data in _chosen(package_files(fetch_package(package)), parts):
                    _add(tar, name, data)
            progress("wheels")
            _add_wheels(tar, parts)
    return archive


def _chosen(package: tarfile.TarFile, parts: Parts) -> Iterator[tuple[str, bytes]]:
    """The files of a package that are used, with their names in the runtime's folder."""
    prefix = f"usr/lib/python{parts.python}/"
    for member in package:
        name = member.name.removeprefix("./")
        target = _target(name, prefix, parts)
        # Libraries' links lead to their files; modules' lead out of the package, and aren't needed.
        if target is None or member.isdir() or (member.issym() and not target.startswith("lib/")):
            continue
        content = package.extractfile(member)
        if content is not None:
            yield target, content.read()


def _target(name: str, modules: str, parts: Parts) -> str | None:
    path = PurePosixPath(name)
    if path.name in parts.libraries and path.parent.name == "aarch64-linux-gnu":
        return f"lib/{path.name}"
    if name == f"usr/bin/python{parts.python}":
        return "python/bin/python"
    inside = name.removeprefix(modules)
    if inside == name or inside.split("/")[0] in _UNUSED_MODULES or inside.startswith("config-"):
        return None
    return f"python/lib/python{parts.python}/{inside}"


def _add_wheels(tar: tarfile.TarFile, parts: Parts) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        site = Path(temporary) / "site"
        install_wheels(parts.wheels, parts.python, site)
        for path in sorted(site.rglob("*")):
            inside = path.relative_to(site)
            if path.is_file() and path.suffix != ".pyi" and not set(inside.parts) & set(_UNUSED_IN_WHEELS):
                _add(tar, f"site/{inside.as_posix()}", path.read_bytes())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o755
    tar.addfile(info, io.BytesIO(data))


def _unpack(device: Device, archive: bytes, folder: str) -> None:
    """Unpack into a temporary folder and rename it, so that a broken connection leaves no partial runtime."""
    pushed, partial = device.push(archive), device.work_folder()
    archive_path, inside, start = quoted(pushed), quoted(partial), quoted(f"{partial}/python3")
    steps = (
        f"tar -xf {archive_path} -C {inside}",
        f"rm {archive_path}",
        f"{{ {_SHEBANG}; printf %s {quoted(_START)}; }} > {start}",
        f"chmod 755 {start}",
        quoted("mv", partial, folder),
    )
    done = device.run(" && ".join(steps), timeout_s=UNPACK_TIMEOUT_S)
    if done.status != 0:
        device.run(quoted("rm", "-rf", partial, pushed))
        error = DeviceFullError if FULL.decode() in done.stderr else MissingRuntimeError
        raise error(f"{device.name} couldn't unpack Python and LiteRT ({last_line(done.stderr)}). Free 200 MB there.")
