"""Opening a device by its name: `local`, `ssh:pi@board`, `adb:SERIAL`."""

from contextlib import ExitStack
from pathlib import Path

from lwisp_bench.devices.adb import AdbTransport
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.ssh import SshTransport
from lwisp_bench.devices.transport import Transport
from lwisp_bench.errors import UnsupportedDeviceError
from lwisp_mobile.errors import UsageError

FORMS = "local, ssh:USER@HOST[:PORT], adb:SERIAL (or adb, if only one is attached)"


def open_device(name: str, ssh_config: str | Path | None = None) -> Device:
    """Open a device. This host may have any processor; other devices must be ARM.

    Raises UsageError on a name of another form, UnsupportedDeviceError on another processor, DeviceError.
    """
    with ExitStack() as stack:
        device = stack.enter_context(Device(_transport(name, ssh_config)))
        check_processor(device)
        stack.pop_all()
    return device


def check_processor(device: Device) -> None:
    """Raise UnsupportedDeviceError if a device other than this host isn't ARM."""
    found = device.describe()
    if device.name != "local" and not found.is_arm:
        raise UnsupportedDeviceError(
            f"{device.name} is {found.machine}; besides this host (`local`), only ARM devices are measured."
        )


def _transport(name: str, ssh_config: str | Path | None) -> Transport:
    kind, _, address = name.partition(":")
    if name == "local":
        return LocalTransport()
    if kind == "ssh" and address:
        return SshTransport(address, ssh_config)
    if kind == "adb":
        return AdbTransport(address)
    raise UsageError(f"{name!r} isn't a device; give {FORMS}.")
