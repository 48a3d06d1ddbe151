"""What adb's server says of devices that can't be used; a small server speaks its protocol to the real client."""

import socket
import threading
from collections.abc import Iterator

import pytest

from lwisp_bench.devices.opening import open_device
from lwisp_bench.errors import DeviceError, NoDeviceError, UnauthorisedError, UnreachableError

PHONES = {
    "LOCKED1": "unauthorized",
    "ASLEEP2": "offline",
    "NORULE3": "no permissions (missing udev rules? user is in the plugdev group)",
}


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An adb server with three phones that can't be used."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.getsockname()[1]))
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            asked = connection.recv(int(connection.recv(4), 16)).decode()
            listing = "".join(f"{serial}\t{state}\n" for serial, state in PHONES.items())
            # 41 is the version of the protocol since 2019.
            answer = {"host:version": "0029", "host:devices": listing}.get(asked, "")
            connection.sendall(f"OKAY{len(answer):04x}{answer}".encode())


@pytest.mark.parametrize(
    ("serial", "error", "advice"),
    [
        ("LOCKED1", UnauthorisedError, "accept the USB debugging question"),
        ("NORULE3", UnauthorisedError, "udev rules"),
        ("ASLEEP2", UnreachableError, "is offline"),
        ("OTHER4", NoDeviceError, "no device 'OTHER4'; it lists: LOCKED1, ASLEEP2, NORULE3"),
        ("", NoDeviceError, "lists 3 devices"),
    ],
)
def test_what_keeps_a_phone_from_being_used(phones: None, serial: str, error: type[DeviceError], advice: str) -> None:
    with pytest.raises(error) as caught:
        open_device(f"adb:{serial}")
    assert advice in str(caught.value)
