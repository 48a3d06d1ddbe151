"""From what the user writes (`local`, `ssh:pi@board`, `adb:SERIAL`) to an open device."""

from contextlib import ExitStack
from pathlib import Path

from lwisp_bench.devices.adb import AdbTransport
from lwisp_bench.devices.base import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.ssh import SshTransport
from lwisp_bench.devices.transport import Transport
from lwisp_bench.errors import UnsupportedDeviceError
from lwisp_mobile.errors import UsageError

FORMS = "local, ssh:USER@HOST[:PORT], adb:SERIAL (or adb, if only one is attached)"


def open_device(name: str, ssh_config: Path | None = None) -> Device:
    """Open a device. Raises UsageError on another form, UnsupportedDeviceError if it isn't ARM, DeviceError.

    This host may have any processor: it is what a user has at hand.
    """
    with ExitStack() as stack:
        device = stack.enter_context(Device(_transport(name, ssh_config)))
        found = device.describe()
        if name != "local" and not found.is_arm:
            raise UnsupportedDeviceError(
                f"{name} is {found.machine}; the harness measures ARM devices, and this host as `local`. Name another."
            )
        stack.pop_all()
    return device


def _transport(name: str, ssh_config: Path | None) -> Transport:
    kind, _, address = name.partition(":")
    if name == "local":
        return LocalTransport()
    if kind == "ssh" and address:
        return SshTransport(address, ssh_config)
    if kind == "adb":
        return AdbTransport(address)
    raise UsageError(f"{name!r} isn't a device; give {FORMS}.")
