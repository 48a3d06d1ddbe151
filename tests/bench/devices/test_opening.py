"""Devices by name, and what is refused."""

import pytest

from lwisp_bench.devices.device import Device
from lwisp_bench.devices.opening import check_processor, open_device
from lwisp_bench.errors import DeviceError, NoDeviceError, UnsupportedDeviceError
from lwisp_mobile.errors import UsageError
from tests.bench.faulty_transport import FaultyTransport


@pytest.mark.parametrize("name", ["lokal", "ssh:", "usb:1", ""])
def test_malformed_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="isn't a device"):
        open_device(name)


def test_an_ssh_name_is_never_an_option() -> None:
    with pytest.raises(NoDeviceError, match="names no SSH host"):
        open_device("ssh:-oProxyCommand=touch")


def test_another_processor_is_refused() -> None:
    mips = FaultyTransport(answer="machine=mips64\n")
    with Device(mips) as device, pytest.raises(UnsupportedDeviceError, match="is mips64"):
        check_processor(device)


def test_bytes_that_arrive_corrupted_are_refused() -> None:
    with Device(FaultyTransport(flips_bits=True)) as device, pytest.raises(DeviceError, match="arrived corrupted"):
        device.push(b"model")
