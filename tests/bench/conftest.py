"""This host as a device; virtual ARM devices with a private adb server, a key and an ssh_config; counting."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lwisp_bench.devices.adb import adb_program
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import CounterError, VirtualDeviceError
from lwisp_bench.runners.instructions.counting import CounterKit, find_counter_kit
from lwisp_bench.virtual.arm_device import VirtualDevice, VirtualOptions, check_kernel
from lwisp_bench.virtual.kit import find_kit


@dataclass(frozen=True)
class Bench:
    """Boots virtual devices that adb and SSH can reach."""

    kit: Path
    folder: Path
    public_key: str

    def boot(self, options: VirtualOptions) -> VirtualDevice:
        """Boot a device that takes the tests' key."""
        return VirtualDevice(self.kit, replace(options, authorized_key=self.public_key))

    def ssh_config(self, *devices: VirtualDevice) -> Path:
        """An ssh_config with the devices' serials as hosts, their keys learned."""
        hosts = "".join(
            f"Host {device.options.serial}\n  HostName 127.0.0.1\n  Port {device.ssh_port}\n  User shell\n"
            for device in devices
        )
        common = (
            f"Host *\n  IdentityFile {self.folder}/key\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.folder}/known_hosts\n  StrictHostKeyChecking accept-new\n"
        )
        path = self.folder / f"config-{'-'.join(device.options.serial for device in devices)}"
        path.write_text(hosts + common)
        return path


@pytest.fixture
def host() -> Iterator[Device]:
    """This host."""
    with Device(LocalTransport()) as device:
        yield device


@pytest.fixture(scope="session")
def adb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An adb server of the tests' own; the user's isn't touched."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {**os.environ, "HOME": str(tmp_path_factory.mktemp("adb")), "ADB_MDNS": "0"}
    command = [adb_program(), "-P", port, "nodaemon", "server"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", port)
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                yield
            finally:
                server.kill()


@pytest.fixture(scope="session")
def bench(adb_server: None, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """What virtual devices are booted with; skips where this machine can't have any."""
    folder = tmp_path_factory.mktemp("bench")
    try:
        check_kernel()
        kit = find_kit()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        bench = Bench(kit, folder, (folder / "key.pub").read_text())
        bench.boot(VirtualOptions("probe")).close()
    except (VirtualDeviceError, FileNotFoundError) as error:
        pytest.skip(f"no virtual ARM device here: {error}")
    return bench


@pytest.fixture(scope="session")
def counter() -> CounterKit:
    """What instructions are counted with; skips where this machine can't."""
    try:
        return find_counter_kit()
    except (CounterError, VirtualDeviceError) as error:
        pytest.skip(f"no instruction counts here: {error}")


@pytest.fixture(scope="session")
def a76(bench: Bench) -> Iterator[VirtualDevice]:
    """A Cortex-A76, as in a Raspberry Pi 5."""
    with bench.boot(VirtualOptions("a76", "cortex-a76")) as device:
        yield device


@pytest.fixture(scope="session")
def n2(bench: Bench) -> Iterator[VirtualDevice]:
    """A Neoverse N2."""
    with bench.boot(VirtualOptions("n2", "neoverse-n2")) as device:
        yield device


@pytest.fixture
def boot(bench: Bench) -> Iterator[Callable[[VirtualOptions], VirtualDevice]]:
    """Boot a device for one test."""
    booted: list[VirtualDevice] = []

    def start(options: VirtualOptions) -> VirtualDevice:
        booted.append(bench.boot(options))
        return booted[-1]

    yield start
    for device in booted:
        device.close()
