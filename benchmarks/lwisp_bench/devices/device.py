"""A device: its description and state, files pushed to it by hash, programs run on it."""

import hashlib
import secrets
from types import TracebackType

from lwisp_bench.devices import conditions, description
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.transport import SHORT_TIMEOUT_S, Completed, Transport, last_line, quoted
from lwisp_bench.errors import DeviceError


class Device:
    """A device behind any transport. A context manager."""

    def __init__(self, transport: Transport) -> None:
        """Take over a transport; `close` closes it."""
        self._transport = transport
        self._description: DeviceDescription | None = None
        self._blobs = f"{transport.folder}/blobs"

    def __enter__(self) -> "Device":
        """Return the device."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the device."""
        self.close()

    @property
    def name(self) -> str:
        """As the user named it; with its serial where the user named none."""
        return self._transport.name

    @property
    def folder(self) -> str:
        """Where the harness keeps its files on the device."""
        return self._transport.folder

    @property
    def python(self) -> str:
        """The Python to run the worker with where the user names none."""
        return self._transport.python

    def describe(self) -> DeviceDescription:
        """Describe the device; read once."""
        if self._description is None:
            self._description = description.read_description(self.name, self._script(description.SCRIPT))
        return self._description

    def conditions(self) -> Conditions:
        """Read the state it is in now."""
        return conditions.read_conditions(self._script(conditions.SCRIPT))

    def push(self, data: bytes) -> str:
        """Store bytes on the device under a name that is their hash, unless they are there. Returns the path.

        A file already there is hashed on the device, so a broken or foreign one is replaced.
        Raises DeviceFullError without room, DeviceError if the bytes don't arrive as sent.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = f"{self._blobs}/{digest}"
        if not self._has(path, digest):
            partial = f"{path}.{secrets.token_hex(4)}"
            self._transport.send(data, partial)
            if not self._has(partial, digest):
                self.run(quoted("rm", "-f", partial))
                raise DeviceError(f"{self.name}: {len(data)} bytes arrived corrupted; check cable and storage.")
            self._check(self.run(quoted("mv", "-f", partial, path)))
        return path

    def put(self, data: bytes, path: str) -> None:
        """Write a file into an existing folder."""
        self._transport.send(data, path)

    def work_folder(self) -> str:
        """Make a fresh empty folder on the device."""
        path = f"{self._transport.folder}/run-{secrets.token_hex(6)}"
        self._check(self.run(quoted("mkdir", "-p", path)))
        return path

    def run(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        """Run a line of POSIX shell. Raises DeviceLostError if it isn't seen to end within timeout_s."""
        return self._transport.execute(command, timeout_s=timeout_s)

    def pull(self, path: str) -> bytes:
        """Read a file's bytes."""
        return self._transport.fetch(path)

    def close(self) -> None:
        """Leave the device; what was pushed stays there for the next time."""
        self._transport.close()

    def _has(self, path: str, digest: str) -> bool:
        """Whether a file of this hash is there. Makes its folder."""
        command = f"{quoted('mkdir', '-p', self._blobs)} && {{ {_SHA256} {quoted(path)} 2>/dev/null || true; }}"
        return self._check(self.run(command)).split()[:1] == [digest]

    def _script(self, script: str) -> str:
        return self._check(self.run(script))

    def _check(self, done: Completed) -> str:
        if done.status != 0:
            raise DeviceError(f"{self.name}: a command failed ({last_line(done.stderr or done.stdout)}).")
        return done.stdout


# macOS has only the second.
_SHA256 = "$(command -v sha256sum || echo shasum -a 256)"
