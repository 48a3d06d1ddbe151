"""A virtual device: booted in its own namespaces, reachable on 127.0.0.1 over adb and SSH, ended with its process."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from lwisp_bench.errors import VirtualDeviceError
from lwisp_bench.virtual.init import ADB_PORT, READY, SSH_PORT
from lwisp_bench.virtual.kit import DEVICE_NODES, EMULATOR, PHONE_ROOT, ROOT, SITE
from lwisp_bench.virtual.profiles import PROFILES, Profile, write_system_files

MIN_KERNEL = (6, 7)
"""The first Linux with binfmt_misc per user namespace."""
_NAMESPACES = ("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--uts")
USER = "shell"


@dataclass(frozen=True)
class VirtualOptions:
    """How a virtual device is built."""

    serial: str
    profile: str = "cortex-a76"
    authorized_key: str = ""
    """A public key, in OpenSSH's format, that may log in."""
    data_mib: int | None = None
    """Disk space under /data/local/tmp; None: the host's."""
    engine: bool = True
    """Whether Python has LiteRT, unlike on a fresh board."""
    phone: bool = False
    """A stock phone instead of a board: mksh and toybox, a read-only root, a small noexec /sdcard; adb only."""


class VirtualDevice:
    """A running device. A context manager; leaving it ends every process of the device.

    Raises VirtualDeviceError if the profile isn't known or this kernel can't boot it.
    """

    def __init__(self, kit: Path, options: VirtualOptions) -> None:
        check_kernel()
        self.options = options
        self._folder = Path(tempfile.mkdtemp(prefix="lwisp-device-"))
        _write_files(self._folder, _profile(options.profile), options)
        with _listener() as adb, _listener() as ssh:
            self.adb_port: int = adb.getsockname()[1]
            self.ssh_port: int = ssh.getsockname()[1]
            self._process = _start(kit, self._folder, options, adb, ssh)
        self._wait_for_boot()

    @property
    def adb_serial(self) -> str:
        """The serial under which adb knows the device."""
        return f"127.0.0.1:{self.adb_port}"

    def __enter__(self) -> "VirtualDevice":
        """Return the device."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the device."""
        self.close()

    def close(self) -> None:
        """End the device and remove its files."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """End the device at once, like pulling its plug."""
        self._process.kill()  # unshare kills its child, process 1 of the device, as well
        self._process.communicate()

    def _wait_for_boot(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if line != READY:
            _, messages = self._process.communicate()
            shutil.rmtree(self._folder, ignore_errors=True)
            lines = messages.strip().splitlines() or ["no message"]
            raise VirtualDeviceError(f"The virtual device didn't boot ({lines[-1]}).")


def check_kernel() -> None:
    """Raise VirtualDeviceError if this kernel can't boot a virtual device."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise VirtualDeviceError(f"Virtual devices need Linux on x86-64; this is {sys.platform} {platform.machine()}.")
    release = platform.release()
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    if version < MIN_KERNEL:
        raise VirtualDeviceError(
            f"Virtual devices need Linux 6.7 or newer (binfmt_misc per namespace); this is {release}."
        )
    probe = ["unshare", "--user", "--map-root-user", "--net", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise VirtualDeviceError("Virtual devices need util-linux's unshare and unprivileged user namespaces.")


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise VirtualDeviceError(f"No CPU profile {name!r}; there are: {', '.join(PROFILES)}.")
    return PROFILES[name]


def _write_files(folder: Path, profile: Profile, options: VirtualOptions) -> None:
    upper = folder / "upper"
    for name in ("upper/etc", "work", "root"):
        (folder / name).mkdir(parents=True)
    write_system_files(upper / "sys", profile, os.cpu_count() or 1)
    path = "/system/bin" if options.phone else "/bin:/usr/bin:/usr/sbin"
    (upper / "etc/device.env").write_text(
        f"export QEMU_CPU={profile.cpu} HOME=/data/local/tmp PATH={path}\n"
        + (f"export PYTHONPATH=/{SITE}\n" if options.engine and not options.phone else "")
    )
    (upper / "etc/device.prop").write_text(
        f"ro.product.cpu.abi=arm64-v8a\nro.product.model=virtual-{profile.cpu}\nro.serialno={options.serial}\n"
        f"ro.build.version.sdk=34\nro.build.fingerprint=virtual/{profile.cpu}/34\n"
    )
    (upper / "etc/device.keys").write_text(options.authorized_key)


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    return listener


def _start(
    kit: Path, folder: Path, options: VirtualOptions, adb: socket.socket, ssh: socket.socket
) -> "subprocess.Popen[str]":
    settings = {
        "folder": str(folder),
        "kit_root": str(kit / (PHONE_ROOT if options.phone else ROOT)),
        "phone": options.phone,
        "emulator": str(kit / EMULATOR),
        "device_nodes": DEVICE_NODES,
        "serial": options.serial,
        "data_mib": options.data_mib,
        "relays": {ADB_PORT: adb.fileno()} | ({} if options.phone else {SSH_PORT: ssh.fileno()}),
    }
    init = str(Path(__file__).with_name("init.py"))
    command = ["unshare", *_NAMESPACES, sys.executable, "-I", init, json.dumps(settings)]
    return subprocess.Popen(
        command,
        pass_fds=(adb.fileno(), ssh.fileno()),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
