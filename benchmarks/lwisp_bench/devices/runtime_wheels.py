"""LiteRT and numpy for devices that lack them: PyPI's wheels for their processor, downloaded by pip and pushed."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from lwisp_bench.devices.device import Device
from lwisp_bench.devices.transport import last_line, quoted
from lwisp_bench.errors import MissingPythonError, MissingRuntimeError
from lwisp_mobile.child_process import python_command

PLATFORMS = ("manylinux_2_27_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""glibc of 2018 and newer; none runs on Android's own C library."""
PACKAGES = ("ai-edge-litert", "flatbuffers", "numpy")
UNPACK_TIMEOUT_S = 300.0
_PYTHON_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def cache_folder() -> Path:
    """The harness's folder for downloads."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lwisp-bench"


def bring_runtime(device: Device, python: str) -> str:
    """Install the runtime of this host's version on the device, unless it is there. Returns the folder for PYTHONPATH.

    Raises MissingPythonError without a Python, MissingRuntimeError if there's no wheel for the device.
    """
    found = device.run(quoted(python, "-c", _PYTHON_VERSION))
    if found.status != 0:
        raise MissingPythonError(
            f"{device.name} has no {python} ({last_line(found.stderr)}). Install Python 3.11 there."
        )
    wheels = _wheels(device, found.stdout.strip())
    digest = hashlib.sha256("".join(wheel.name for wheel in wheels).encode()).hexdigest()[:16]
    site = f"{device.folder}/site-{digest}"
    if device.run(quoted("test", "-d", site)).status != 0:
        _unpack(device, python, wheels, site)
    return site


def download_wheels(versions: Mapping[str, str], python: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Download aarch64 wheels into a folder by pip. python: the target's version, as 3.11."""
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    wanted = [f"{name}=={version}" for name, version in versions.items()]
    command = python_command("-m", "pip", "download", "-q", *platforms, "--python-version", python)
    command += ["--only-binary=:all:", "--no-deps", "-d", str(folder), *wanted]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _wheels(device: Device, python: str) -> list[Path]:
    """The wheels for a device, downloaded into the cache if they aren't there."""
    if device.describe().machine not in ("aarch64", "arm64"):
        raise MissingRuntimeError(f"There's no LiteRT wheel for {device.name} ({device.describe().machine}).")
    versions = {name: version(name) for name in PACKAGES}
    label = "-".join([f"py{python}", *(f"{name}-{number}" for name, number in versions.items())])
    folder = cache_folder() / "wheels" / label
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            done = download_wheels(versions, python, Path(temporary) / "wheels")
            if done.returncode != 0:
                raise MissingRuntimeError(f"No wheels for Python {python} on {device.name} ({last_line(done.stderr)}).")
            (Path(temporary) / "wheels").rename(folder)
    return sorted(folder.glob("*.whl"))


def _unpack(device: Device, python: str, wheels: list[Path], site: str) -> None:
    """Unpack into a temporary folder and rename it, so that a broken connection leaves no partial runtime."""
    partial = f"{site}.partial"
    steps = [quoted("rm", "-rf", partial)]
    steps += [quoted(python, "-m", "zipfile", "-e", device.push(wheel.read_bytes()), partial) for wheel in wheels]
    steps.append(quoted("mv", partial, site))
    done = device.run(" && ".join(steps), timeout_s=UNPACK_TIMEOUT_S)
    if done.status != 0:
        raise MissingRuntimeError(f"{device.name} couldn't unpack the wheels ({last_line(done.stderr)}).")
