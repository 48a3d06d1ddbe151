"""Transports: the few operations that differ between this host, SSH and adb."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lwisp_bench.errors import DeviceFullError, DeviceLostError

SHORT_TIMEOUT_S = 60.0
TRANSFER_TIMEOUT_S = 600.0
_END = re.compile(rb"\nlwisp-exit (\d+)\s*\Z")
FULL = b"No space left on device"


@dataclass(frozen=True)
class Completed:
    """A command that ran to its end on a device."""

    status: int
    stdout: str
    stderr: str


class Transport(Protocol):
    """A connection to one device. Every method raises a DeviceError if the device or the connection fails."""

    @property
    def name(self) -> str:
        """The device as the user names it: `local`, `ssh:pi@board`, `adb:SERIAL`."""

    @property
    def folder(self) -> str:
        """Where the harness keeps its files there; an absolute path, or relative to where commands start."""

    @property
    def python(self) -> str:
        """The Python to use there by default."""

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        """Run a line of POSIX shell. Raises DeviceLostError if it isn't seen to end within timeout_s."""

    def send(self, data: bytes, path: str) -> None:
        """Write a file into an existing folder. Raises DeviceFullError if there's no room."""

    def fetch(self, path: str) -> bytes:
        """Read a file."""

    def close(self) -> None:
        """Leave the device."""


def with_status(command: str) -> str:
    """A shell line that prints its exit status last: tells a broken connection from a command that failed."""
    return f"( {command}\n); printf '\\nlwisp-exit %d\\n' $?"


def completed(done: "subprocess.CompletedProcess[bytes]") -> Completed | None:
    """Read what `with_status` wrote; None if it is missing: the command was never seen to end."""
    found = _END.search(done.stdout)
    if found is None:
        return None
    stdout, stderr = done.stdout[: found.start()], done.stderr
    return Completed(int(found.group(1)), stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


def run_client(
    command: Sequence[str], name: str, timeout_s: float, data: bytes | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a client program (ssh, adb). Raises DeviceLostError if it doesn't end within timeout_s."""
    stdin = subprocess.DEVNULL if data is None else None
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout_s, check=False, input=data, stdin=stdin)
    except subprocess.TimeoutExpired as error:
        raise DeviceLostError(
            f"{name} didn't finish within {timeout_s:.0f} s. Check that it is on and its cable or network holds; "
            "results so far are kept."
        ) from error


def check_room(stderr: bytes, name: str, path: str) -> None:
    """Raise DeviceFullError if a client's message says that the device is full."""
    if FULL in stderr:
        raise DeviceFullError(f"{name} has no room for {path} ({FULL.decode()}). Free some and run again.")


def last_line(text: bytes | str) -> str:
    """The last line that isn't blank, for a message."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    lines = [line.strip() for line in decoded.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def quoted(*words: str) -> str:
    """Quote words as one shell command."""
    return shlex.join(words)
