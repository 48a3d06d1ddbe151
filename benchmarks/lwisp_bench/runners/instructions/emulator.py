"""The emulator that counts: Debian's last qemu-user with plugins, and our plugin compiled for it, both cached."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import CounterError, VirtualDeviceError
from lwisp_bench.runners.wheels import cache_folder
from lwisp_bench.virtual.kit import download_debs, unpack
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict

_QEMU = "usr/bin/qemu-aarch64"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_COMPILE = ("gcc", "-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Werror")


@dataclass(frozen=True)
class Emulator:
    """An installed emulator with its plugin."""

    qemu: Path
    libraries: Path
    """Its shared libraries, beside the system's."""
    plugin: Path
    version: str
    """As it is recorded: the emulator's package, and a hash of the plugin."""

    def command(self, cpu: str, prefix: Path, counts: Path, program: Sequence[str]) -> list[str]:
        """The line that runs an arm64 program with counting.

        cpu: qemu's -cpu; prefix: where the program's paths are looked up first; counts: gets a line per marked region.
        """
        hidden = ["-U", "LD_LIBRARY_PATH"]  # it is for the emulator, not for what it runs
        plugin = ["-plugin", f"{self.plugin},out={counts}"]
        return [str(self.qemu), *hidden, *plugin, "-cpu", cpu, "-L", str(prefix), *program]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The program's variables, and nothing of this process's."""
        return {**variables, "LD_LIBRARY_PATH": str(self.libraries)}


@dataclass(frozen=True)
class _Heading:
    suites: tuple[str, ...]


def find_emulator() -> Emulator:
    """The emulator, fetched and compiled on first use (some seconds, 22 MB) into the user's cache.

    Raises CounterError if this machine can't run or build it.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CounterError(f"Counting needs Linux on x86-64; this is {sys.platform} {platform.machine()}.")
    text = files(__package__).joinpath("packages.toml").read_text()
    folder = cache_folder() / f"counter-{_digest(text)}"
    tree = tomllib.loads(text)
    versions = tree.pop("host")
    if not folder.is_dir():
        _fetch(from_dict(_Heading, tree, "packages.toml", CounterError).suites, versions, folder)
    source = files(__package__).joinpath("plugin.c").read_text()
    plugin = folder / f"plugin-{_digest(source)}.so"
    if not plugin.exists():
        _compile(source, plugin)
    version = f"qemu-user {versions['qemu-user']}, plugin {_digest(source)}"
    return Emulator(folder / _QEMU, folder / _LIBRARIES, plugin, version)


def _fetch(suites: Sequence[str], versions: Mapping[str, str], folder: Path) -> None:
    """Unpack beside the final place and rename, so that a stopped run leaves no half emulator."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise CounterError(f"{program} isn't installed, and the emulator comes by it (Debian, Ubuntu).")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        work = Path(temporary)
        try:
            unpack(download_debs(work, "amd64", suites, versions), work / "host")
        except VirtualDeviceError as error:
            raise CounterError(f"The emulator can't be fetched. {error}") from error
        for part in (_QEMU, _LIBRARIES):
            (work / "kept" / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(work / "host" / part, work / "kept" / part)
        try:
            (work / "kept").rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first, and its emulator is the same
                raise


def _compile(source: str, plugin: Path) -> None:
    if shutil.which("gcc") is None:
        raise CounterError("gcc isn't installed, and the counting plugin is compiled with it: apt install gcc")
    with atomic_write(plugin) as temporary:
        command = [*_COMPILE, "-x", "c", "-", "-o", str(temporary)]
        done = subprocess.run(command, input=source, capture_output=True, text=True, env=dict(os.environ), check=False)
        if done.returncode != 0:
            raise CounterError(f"gcc can't compile the counting plugin ({last_line(done.stderr)}).")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
