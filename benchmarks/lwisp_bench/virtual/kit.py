"""The kit: an arm64 root folder and an emulator, from pinned Debian packages and PyPI wheels, cached."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from lwisp_bench.devices.brought_runtime import runtime_parts
from lwisp_bench.devices.downloads import cache_folder, debian_mirror, install_wheels
from lwisp_bench.errors import DownloadError, VirtualDeviceError

T = TypeVar("T")

LAYOUT = 2
"""Incremented when the root's layout changes, so that older kits are rebuilt."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
EMULATOR = "bin/qemu-aarch64"
ROOT = "root"
"""Of a board: Debian with Python and LiteRT."""
PHONE_ROOT = "phone"
"""Of a stock phone: mksh and toybox, no Python, no C library where programs look for one."""
SITE = "opt/site"
_UNUSED = ("opt/site/ai_edge_litert/libLiteRtWebGpuAccelerator.so", "usr/share/doc", "usr/share/man")
_FOLDERS = ("proc", "dev/pts", "sys", "tmp", "root", "data/local/tmp", "system/bin")
_PRIVATE = "apex/private"
PHONE_FOLDERS = ("proc", "dev/pts", "sys", "data/local/tmp", "sdcard", "system/bin", "etc", f"{_PRIVATE}/lib")
ADBD = "usr/lib/android-sdk/platform-tools/adbd"
DEVICE_NODES = ("null", "zero", "urandom", "random", "tty")

_WARM_IMPORTS = (
    "import argparse, dataclasses, importlib.metadata, json, statistics, subprocess, zipfile, zipimport\n"
    "import numpy, numpy.random, ai_edge_litert.interpreter, ai_edge_litert.schema_py_generated, flatbuffers"
)

# Android's shell reads no login files; Debian's adbd starts the shell of /etc/passwd: this one sets init's variables.
_SHELL = '#!/bin/sh\n. /etc/device.env\nexec /bin/sh "$@"\n'
_GETPROP = '#!/bin/sh\nif [ $# = 0 ]; then cat /etc/device.prop; else grep "^$1=" /etc/device.prop | cut -d= -f2-; fi\n'
_PASSWD = "root:x:0:0:root:/data/local/tmp:/bin/sh\nshell:x:2000:2000::/data/local/tmp:/bin/device-shell\n"


@dataclass(frozen=True)
class Packages:
    """Pinned versions of Debian packages, by their names."""

    suites: Sequence[str]
    host: Mapping[str, str]
    device: Mapping[str, str] = field(default_factory=dict)


def find_kit() -> Path:
    """The kit's folder in the user's cache, built on first use (about 20 s, 180 MB).

    Raises VirtualDeviceError if a needed program or package is missing.
    """
    text = files("lwisp_bench.virtual").joinpath("packages.toml").read_bytes()
    name = hashlib.sha256(text + runtime_parts().digest.encode() + bytes([LAYOUT])).hexdigest()[:16]
    folder = cache_folder() / f"virtual-arm-{name}"
    if not folder.is_dir():
        _build_kit(read_packages(text.decode()), folder)
    return folder


def read_packages(text: str) -> Packages:
    """Parse a packages.toml of this project."""
    return Packages(**tomllib.loads(text))


def _build_kit(packages: Packages, folder: Path) -> None:
    """Build in a temporary folder and rename it, so that an interrupted build leaves no partial kit."""
    for program in ("apt-get", "dpkg-deb", "unshare"):
        if shutil.which(program) is None:
            raise VirtualDeviceError(f"{program} isn't installed; virtual devices are built with it (Debian, Ubuntu).")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        work = Path(temporary)
        kit = work / "kit"
        root = kit / ROOT
        unpack(download_debs(work, "amd64", packages.suites, packages.host), work / "host")
        unpack(download_debs(work, "arm64", packages.suites, packages.device), root)
        _copy_emulator(work / "host", kit)
        _lay_out_phone(root, kit / PHONE_ROOT, kit / EMULATOR, work / "host/usr/bin/patchelf")
        parts = runtime_parts()
        _checked(lambda: install_wheels(parts.wheels, parts.python, root / SITE))
        _lay_out(root, kit / EMULATOR, parts.python)
        _compile_modules(root, kit / EMULATOR, parts.python)
        try:
            kit.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first with the same kit
                raise


def download_debs(work: Path, architecture: str, suites: Sequence[str], versions: Mapping[str, str]) -> list[Path]:
    """Download packages with apt's own client and a private state, leaving the machine's untouched."""
    apt = work / "apt" / architecture
    for part in ("state/lists/partial", "cache/archives/partial", "debs"):
        (apt / part).mkdir(parents=True)
    (apt / "status").touch()
    if not KEYRING.exists():
        raise VirtualDeviceError(f"{KEYRING} isn't there. Install it: apt install debian-archive-keyring")
    mirror = _checked(debian_mirror)
    (apt / "sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {mirror} {s} main\n" for s in suites))
    (apt / "apt.conf").write_text(_apt_settings(apt, architecture))
    environment = {**os.environ, "APT_CONFIG": str(apt / "apt.conf")}
    wanted = [f"{name}={version}" for name, version in versions.items()]
    for arguments in (["update"], ["download", *wanted]):
        _run(["apt-get", "-qq", *arguments], "apt-get", cwd=apt / "debs", env=environment)
    return sorted((apt / "debs").glob("*.deb"))


def _apt_settings(apt: Path, architecture: str) -> str:
    return (
        f'APT::Architecture "{architecture}"; APT::Architectures "{architecture}"; APT::Sandbox::User "";\n'
        f'Dir::State "{apt}/state"; Dir::State::status "{apt}/status"; Dir::Cache "{apt}/cache";\n'
        f'Dir::Etc::sourcelist "{apt}/sources.list"; Dir::Etc::sourceparts "-"; Acquire::Languages "none";\n'
    )


def unpack(debs: Sequence[Path], folder: Path) -> None:
    """Extract packages' files into a folder, without installing them."""
    folder.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        _run(["dpkg-deb", "-x", str(deb), str(folder)], "dpkg-deb")


def _copy_emulator(host: Path, kit: Path) -> None:
    target = kit / EMULATOR
    target.parent.mkdir(parents=True)
    shutil.copy2(host / "usr/bin/qemu-aarch64", target)


def _lay_out(root: Path, emulator: Path, python: str) -> None:
    """Turn extracted packages into a root: applets, mount points of device nodes, Android's paths, users."""
    applets = _run([str(emulator), str(root / "bin/busybox"), "--list"], "the emulator").split()
    for applet in applets:
        if not (root / "bin" / applet).exists():
            (root / "bin" / applet).symlink_to("busybox")
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in DEVICE_NODES:
        (root / "dev" / name).touch()
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    (root / "system/bin/sh").symlink_to("/bin/sh")
    (root / "bin/python3").symlink_to(f"/usr/bin/python{python}")
    _write_program(root / "bin/device-shell", _SHELL)
    _write_program(root / "bin/getprop", _GETPROP)
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text("shell:x:2000:\n")
    (root / "etc/shells").write_text("/bin/sh\n/bin/device-shell\n")
    for name in _UNUSED:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _lay_out_phone(packages: Path, root: Path, emulator: Path, patchelf: Path) -> None:
    """Make a stock phone's root of the same packages."""
    for name in PHONE_FOLDERS:
        (root / name).mkdir(parents=True)
    for library in packages.rglob("*.so*"):
        if library.is_file() and library.name.startswith(("ld-", "lib")):
            shutil.copy(library, root / _PRIVATE / "lib" / library.name)
    # Nothing on a phone's usual paths leads to glibc, which Debian's toybox and adbd need.
    libraries = f"/{_PRIVATE}/lib"
    paths = ["--set-interpreter", f"{libraries}/ld-linux-aarch64.so.1", "--force-rpath", "--set-rpath", libraries]
    for program in ("bin/toybox", ADBD):
        copy = shutil.copy(packages / program, root / "system/bin")
        _run([str(patchelf), *paths, str(copy)], "patchelf")
    shutil.copy(packages / "usr/lib/aarch64-linux-musl/bin/mksh", root / "system/bin/sh")
    toybox = [str(emulator), "-L", str(packages), str(packages / "bin/toybox")]
    for applet in _run(toybox, "the emulator").split():
        (root / "system/bin" / applet).symlink_to("toybox")
    _write_program(root / "system/bin/device-shell", _SHELL.replace("/bin/sh", "/system/bin/sh"))
    _write_program(root / "system/bin/getprop", _GETPROP.replace("/bin/sh", "/system/bin/sh"))
    (root / "bin").symlink_to("system/bin")  # as on Android 10 and newer
    for name in DEVICE_NODES:
        (root / "dev" / name).touch()
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    (root / "etc/passwd").write_text("shell:x:2000:2000::/data/local/tmp:/system/bin/device-shell\n")
    (root / "etc/group").write_text("shell:x:2000:\n")
    (root / "etc/shells").write_text("/system/bin/device-shell\n")


def _compile_modules(root: Path, emulator: Path, python: str) -> None:
    """Import what the worker imports, so that its modules are compiled: the root is read-only later."""
    environment = {"PYTHONHOME": str(root / "usr"), "PYTHONPATH": str(root / SITE)}
    command = [str(emulator), "-L", str(root), str(root / f"usr/bin/python{python}"), "-c", _WARM_IMPORTS]
    _run(command, "the emulated Python", env=environment)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _run(command: Sequence[str], what: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise VirtualDeviceError(
            f"{what} failed while building an arm64 userland or emulator ({lines[-1]}). Check the network; if a "
            "version is no longer served, put the current one into packages.toml (virtual/ or instructions/)."
        )
    return done.stdout


def _checked(download: Callable[[], T]) -> T:
    """A download's result. Raises VirtualDeviceError if it fails."""
    try:
        return download()
    except DownloadError as error:
        raise VirtualDeviceError(str(error)) from error
