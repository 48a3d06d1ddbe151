"""This host behind a transport with faults."""

import sys

from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.transport import SHORT_TIMEOUT_S, Completed
from lwisp_bench.errors import DeviceLostError


class FaultyTransport:
    """Loses the device at a command that contains `fails_at`, corrupts files, or gives every command one answer."""

    name = "faulty"
    python = sys.executable

    def __init__(self, *, fails_at: str = "", flips_bits: bool = False, answer: str | None = None) -> None:
        self._host = LocalTransport()
        self.folder = self._host.folder
        self._fails_at, self._flips_bits, self._answer = fails_at, flips_bits, answer

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        if self._fails_at and self._fails_at in command:
            raise DeviceLostError("gone")
        if self._answer is not None:
            return Completed(0, self._answer, "")
        return self._host.execute(command, timeout_s=timeout_s)

    def send(self, data: bytes, path: str) -> None:
        self._host.send(data[:-1] + bytes([data[-1] ^ 1]) if self._flips_bits else data, path)

    def fetch(self, path: str) -> bytes:
        return self._host.fetch(path)

    def close(self) -> None:
        self._host.close()
