"""The kit: an arm64 root folder and an emulator, from Debian packages and PyPI wheels of pinned versions, cached."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import VirtualDeviceError
from lwisp_bench.runners.wheels import cache_folder, download_wheels
from lwisp_mobile.serialize.from_dict import from_dict

LAYOUT = 1
"""Goes up when this module lays the root out differently, so that older kits are left alone."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
EMULATOR = "bin/qemu-aarch64"
ROOT = "root"
SITE = "opt/site"
_UNUSED = ("opt/site/ai_edge_litert/libLiteRtWebGpuAccelerator.so", "usr/share/doc", "usr/share/man")
_FOLDERS = ("proc", "dev/pts", "sys", "tmp", "root", "data/local/tmp", "system/bin")
DEVICE_NODES = ("null", "zero", "urandom", "random", "tty")

_WARM_IMPORTS = (
    "import argparse, dataclasses, importlib.metadata, json, statistics, subprocess, zipfile, zipimport\n"
    "import numpy, numpy.random, ai_edge_litert.interpreter, ai_edge_litert.schema_py_generated, flatbuffers"
)

# Android's shell has no login files, and Debian's adbd starts the one of /etc/passwd: this one sets what init would.
_SHELL = '#!/bin/sh\n. /etc/device.env\nexec /bin/sh "$@"\n'
_GETPROP = '#!/bin/sh\nif [ $# = 0 ]; then cat /etc/device.prop; else grep "^$1=" /etc/device.prop | cut -d= -f2-; fi\n'
_PASSWD = "root:x:0:0:root:/data/local/tmp:/bin/sh\nshell:x:2000:2000::/data/local/tmp:/bin/device-shell\n"


@dataclass(frozen=True)
class Packages:
    """Pinned versions: Debian packages and PyPI wheels, name to version."""

    suites: tuple[str, ...]
    python: str
    host: Mapping[str, str]
    device: Mapping[str, str]
    wheels: Mapping[str, str]


def find_kit() -> Path:
    """The kit's folder, built on first use (about 20 s, 180 MB) in the user's cache.

    Raises VirtualDeviceError if a program, a package or the kernel isn't what it takes.
    """
    text = files("lwisp_bench.virtual").joinpath("packages.toml").read_bytes()
    name = hashlib.sha256(text + bytes([LAYOUT])).hexdigest()[:16]
    folder = cache_folder() / f"virtual-arm-{name}"
    if not folder.is_dir():
        _build_kit(_packages(text.decode()), folder)
    return folder


def _packages(text: str) -> Packages:
    tree = tomllib.loads(text)
    versions = {key: tree.pop(key) for key in ("host", "device", "wheels")}
    heading = from_dict(_Heading, tree, "packages.toml", VirtualDeviceError)
    return Packages(heading.suites, heading.python, **versions)


@dataclass(frozen=True)
class _Heading:
    suites: tuple[str, ...]
    python: str


def _build_kit(packages: Packages, folder: Path) -> None:
    """Build beside the final place and rename, so that a stopped build leaves no half kit."""
    for program in ("apt-get", "dpkg-deb", "unshare"):
        if shutil.which(program) is None:
            raise VirtualDeviceError(
                f"{program} isn't installed, and virtual devices are made with it (Debian, Ubuntu)."
            )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        work = Path(temporary)
        kit = work / "kit"
        root = kit / ROOT
        unpack(download_debs(work, "amd64", packages.suites, packages.host), work / "host")
        unpack(download_debs(work, "arm64", packages.suites, packages.device), root)
        _copy_emulator(work / "host", kit)
        _install_wheels(work / "wheels", root / SITE, packages)
        _lay_out(root, kit / EMULATOR, packages.python)
        _compile_modules(root, kit / EMULATOR, packages.python)
        try:
            kit.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first, and its kit is the same
                raise


def download_debs(work: Path, architecture: str, suites: Sequence[str], versions: Mapping[str, str]) -> list[Path]:
    """Fetch packages with apt's own client and a private state, so that the machine's is untouched."""
    apt = work / "apt" / architecture
    for part in ("state/lists/partial", "cache/archives/partial", "debs"):
        (apt / part).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {_mirror()} {s} main\n" for s in suites))
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


def _mirror() -> str:
    """The Debian mirror that this machine uses anyway."""
    if not KEYRING.exists():
        raise VirtualDeviceError(f"{KEYRING} isn't there. Install it: apt install debian-archive-keyring")
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text() for path in sources if path.is_file())
    found = re.search(r"^(?!\s*#).*?(https?://[^\s\]]+/debian)/?(?:\s|$)", text, re.MULTILINE)
    if found is None:
        raise VirtualDeviceError("apt's sources name no Debian mirror; virtual devices are made of Debian's packages.")
    return found.group(1)


def unpack(debs: Sequence[Path], folder: Path) -> None:
    """Lay the packages' files out under a folder, without installing anything."""
    folder.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        _run(["dpkg-deb", "-x", str(deb), str(folder)], "dpkg-deb")


def _copy_emulator(host: Path, kit: Path) -> None:
    target = kit / EMULATOR
    target.parent.mkdir(parents=True)
    shutil.copy2(host / "usr/bin/qemu-aarch64", target)


def _install_wheels(downloads: Path, site: Path, packages: Packages) -> None:
    done = download_wheels(packages.wheels, packages.python, downloads)
    if done.returncode != 0:
        raise VirtualDeviceError(f"The device's Python packages can't be fetched ({last_line(done.stderr)}).")
    for wheel in downloads.glob("*.whl"):
        with ZipFile(wheel) as archive:
            archive.extractall(site)


def _lay_out(root: Path, emulator: Path, python: str) -> None:
    """Turn unpacked packages into a root: applets, device nodes to mount on, Android's paths, users."""
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


def _compile_modules(root: Path, emulator: Path, python: str) -> None:
    """Import once what the worker imports, so that its modules stand compiled: nobody can write into the root later."""
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
            f"{what} failed while an arm64 userland or emulator was made ({lines[-1]}). Check the network; if a "
            "version isn't served any more, put the current one into packages.toml (virtual/ or instructions/)."
        )
    return done.stdout
