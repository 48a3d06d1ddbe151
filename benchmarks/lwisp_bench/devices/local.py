"""This host as a device."""

import shutil
import sys
import tempfile
from pathlib import Path

from lwisp_bench.devices.transport import SHORT_TIMEOUT_S, Completed, completed, run_client, with_status
from lwisp_bench.errors import DeviceError, DeviceLostError, UnsupportedDeviceError


class LocalTransport:
    """Runs commands in a shell of this host, and keeps its files in a temporary folder."""

    name = "local"
    python = sys.executable

    def __init__(self) -> None:
        if shutil.which("sh") is None:
            raise UnsupportedDeviceError(
                "`local` needs a POSIX shell, and this host has none; measure over SSH or adb."
            )
        self._temporary = tempfile.TemporaryDirectory(prefix="lwisp-bench-")
        self.folder = self._temporary.name

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        """Run a line of shell."""
        done = completed(run_client(["sh", "-c", with_status(command)], self.name, timeout_s))
        if done is None:
            raise DeviceLostError("The shell on this host was killed.")
        return done

    def send(self, data: bytes, path: str) -> None:
        """Write a file."""
        try:
            Path(path).write_bytes(data)
        except OSError as error:
            raise DeviceError(f"{path} can't be written ({error.strerror}). Free some room.") from error

    def fetch(self, path: str) -> bytes:
        """Read a file."""
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise DeviceError(f"{path} can't be read ({error.strerror}).") from error

    def close(self) -> None:
        """Remove the temporary folder."""
        self._temporary.cleanup()
