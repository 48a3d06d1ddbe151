"""Android devices over adb, by Google's own client, found on the PATH or bundled with adbutils.

The client and not a protocol library: an attached device belongs to the adb server, and the client passes on exit
statuses and the device's own messages ("No space left on device", not a bare failure). Every call names the serial.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.devices.transport import (
    SHORT_TIMEOUT_S,
    TRANSFER_TIMEOUT_S,
    Completed,
    check_room,
    completed,
    last_line,
    run_client,
    with_status,
)
from lwisp_bench.errors import DeviceError, DeviceLostError, NoDeviceError, UnauthorisedError, UnreachableError

_TCP = re.compile(r".+:\d+")


@dataclass(frozen=True)
class Attached:
    """A device as the adb server lists it."""

    serial: str
    state: str
    """`device` if usable; `unauthorized`, `offline`, `no permissions …` and others if not."""


class AdbTransport:
    """One device, named by its serial in every call.

    serial: as `adb devices` lists it; host:port is connected to first; empty means the only one attached.
    Raises NoDeviceError, UnauthorisedError or UnreachableError at once.
    """

    folder = "/data/local/tmp/lwisp-bench"
    python = "python3"

    def __init__(self, serial: str) -> None:
        self._adb = adb_program()
        if _TCP.fullmatch(serial):
            _connect(self._adb, serial)
        found = _choose(attached(self._adb), serial)
        self.name = f"adb:{found.serial}"
        self._serial = found.serial
        _check_state(found)

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        """Run a line of shell on the device."""
        raw = run_client(self._command("shell", "-n", "-T", with_status(command)), self.name, timeout_s)
        done = completed(raw)
        if done is None:
            raise self._lost(raw.stderr)
        return done

    def send(self, data: bytes, path: str) -> None:
        """Write a file on the device."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "pushed"
            source.write_bytes(data)
            done = run_client(self._command("push", str(source), path), self.name, TRANSFER_TIMEOUT_S)
        if done.returncode != 0:
            check_room(done.stderr + done.stdout, self.name, path)
            raise self._lost(done.stderr + done.stdout)

    def fetch(self, path: str) -> bytes:
        """Read a file of the device."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "pulled"
            done = run_client(self._command("pull", path, str(target)), self.name, TRANSFER_TIMEOUT_S)
            if done.returncode != 0:
                raise self._lost(done.stderr + done.stdout)
            return target.read_bytes()

    def close(self) -> None:
        """Do nothing: the connection belongs to the adb server."""

    def _command(self, *words: str) -> list[str]:
        return [self._adb, "-s", self._serial, *words]

    def _lost(self, message: bytes) -> DeviceError:
        state = next((one.state for one in attached(self._adb) if one.serial == self._serial), "not listed")
        if state == "device":
            return DeviceError(f"{self.name}: {last_line(message)}.")
        return DeviceLostError(
            f"{self.name} was lost ({last_line(message)}; adb says: {state}). Results so far are kept; "
            "check the cable and run again to go on."
        )


def adb_program() -> str:
    """The adb client. Raises NoDeviceError if there's none."""
    from adbutils import AdbError, adb_path  # noqa: PLC0415  so that other devices work without it

    try:
        return str(adb_path())
    except AdbError as error:
        raise NoDeviceError(f"There's no adb on this host ({error}). Install Android's platform-tools.") from error


def attached(adb: str) -> tuple[Attached, ...]:
    """The devices that the adb server lists; starts the server if needed. Raises NoDeviceError if it doesn't start."""
    done = run_client([adb, "devices"], "adb", SHORT_TIMEOUT_S)
    if done.returncode != 0:
        raise NoDeviceError(f"The adb server doesn't start ({last_line(done.stderr)}).")
    lines = [line.split("\t", 1) for line in done.stdout.decode("utf-8", "replace").splitlines() if "\t" in line]
    return tuple(Attached(serial, state.strip()) for serial, state in lines)


def _connect(adb: str, serial: str) -> None:
    done = run_client([adb, "connect", serial], f"adb:{serial}", SHORT_TIMEOUT_S)
    answer = (done.stdout + done.stderr).decode("utf-8", "replace")
    if "connected to" not in answer and "authenticate" not in answer:
        raise UnreachableError(f"adb:{serial} can't be reached ({last_line(answer)}). Check address and `adb tcpip`.")


def _choose(devices: tuple[Attached, ...], serial: str) -> Attached:
    """The device of a serial, or the only one."""
    listed = ", ".join(device.serial for device in devices) or "none"
    if not serial:
        if len(devices) != 1:
            raise NoDeviceError(f"adb lists {len(devices)} devices ({listed}); name one: adb:SERIAL.")
        return devices[0]
    found = [device for device in devices if device.serial == serial]
    if not found:
        raise NoDeviceError(f"adb lists no device {serial!r}; it lists: {listed}.")
    return found[0]


def _check_state(device: Attached) -> None:
    name = f"adb:{device.serial}"
    if device.state == "unauthorized":
        raise UnauthorisedError(f"{name} doesn't trust this host. Unlock it and accept the USB debugging question.")
    if device.state.startswith("no permissions"):
        raise UnauthorisedError(f"This host may not open {name} ({device.state}). Set up its udev rules.")
    if device.state != "device":
        raise UnreachableError(f"{name} is {device.state}. Plug it in again, or restart it.")
