"""The counting emulator: Debian's last qemu-user with plugins, and our plugin compiled for it, both cached."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lwisp_bench.devices.downloads import cache_folder
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import CounterError, VirtualDeviceError
from lwisp_bench.virtual.kit import Packages, download_debs, read_packages, unpack
from lwisp_mobile.serialize.files import atomic_write

_QEMU = "usr/bin/qemu-aarch64"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_COMPILE = ("gcc", "-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Werror")


@dataclass(frozen=True)
class Emulator:
    """An installed emulator with its plugin."""

    qemu: Path
    libraries: Path
    """Shared libraries it needs beyond the system's."""
    plugin: Path
    version: str
    """For records: the emulator's package and a hash of the plugin."""

    def command(self, cpu: str, prefix: Path, counts: Path, program: Sequence[str]) -> list[str]:
        """The command that runs an arm64 program and counts.

        cpu: qemu's -cpu; prefix: where the program's paths are looked up first; counts: gets a line per marked region.
        """
        hidden = ["-U", "LD_LIBRARY_PATH"]  # it is for the emulator, not for the emulated program
        plugin = ["-plugin", f"{self.plugin},out={counts}"]
        return [str(self.qemu), *hidden, *plugin, "-cpu", cpu, "-L", str(prefix), *program]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The program's variables, without those of this process."""
        return {**variables, "LD_LIBRARY_PATH": str(self.libraries)}


def find_emulator() -> Emulator:
    """The emulator in the user's cache, downloaded and compiled on first use (some seconds, 22 MB).

    Raises CounterError if this machine can't run or build it.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CounterError(f"Counting needs Linux on x86-64; this is {sys.platform} {platform.machine()}.")
    text = files(__package__).joinpath("packages.toml").read_text()
    folder = cache_folder() / f"counter-{_digest(text)}"
    packages = read_packages(text)
    if not folder.is_dir():
        _download(packages, folder)
    source = files(__package__).joinpath("plugin.c").read_text()
    plugin = folder / f"plugin-{_digest(source)}.so"
    if not plugin.exists():
        _compile(source, plugin)
    version = f"qemu-user {packages.host['qemu-user']}, plugin {_digest(source)}"
    return Emulator(folder / _QEMU, folder / _LIBRARIES, plugin, version)


def _download(packages: Packages, folder: Path) -> None:
    """Unpack into a temporary folder and rename it, so that an interrupted run leaves no partial emulator."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise CounterError(f"{program} isn't installed; the emulator is installed with it (Debian, Ubuntu).")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        work = Path(temporary)
        try:
            unpack(download_debs(work, "amd64", packages.suites, packages.host), work / "host")
        except VirtualDeviceError as error:
            raise CounterError(f"The emulator can't be downloaded. {error}") from error
        for part in (_QEMU, _LIBRARIES):
            (work / "kept" / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(work / "host" / part, work / "kept" / part)
        try:
            (work / "kept").rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first with the same emulator
                raise


def _compile(source: str, plugin: Path) -> None:
    if shutil.which("gcc") is None:
        raise CounterError("gcc isn't installed; it compiles the counting plugin. Run: apt install gcc")
    with atomic_write(plugin) as temporary:
        command = [*_COMPILE, "-x", "c", "-", "-o", str(temporary)]
        done = subprocess.run(command, input=source, capture_output=True, text=True, env=dict(os.environ), check=False)
        if done.returncode != 0:
            raise CounterError(f"gcc can't compile the counting plugin ({last_line(done.stderr)}).")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
