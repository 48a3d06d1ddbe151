"""Boards over SSH, by the OpenSSH client.

The client and not a library: it reads the user's own settings, keys, agent, jump hosts and known hosts, so whatever
works as `ssh pi@board` works here, and the harness never handles a key. Files go through `cat`, which every board has;
boards with dropbear lack SFTP.
"""

import os
import shutil
import tempfile
from pathlib import Path

from lwisp_bench.devices.transport import (
    SHORT_TIMEOUT_S,
    TRANSFER_TIMEOUT_S,
    Completed,
    check_room,
    completed,
    last_line,
    quoted,
    run_client,
    with_status,
)
from lwisp_bench.errors import (
    DeviceError,
    DeviceLostError,
    HostKeyError,
    NoDeviceError,
    UnauthorisedError,
    UnreachableError,
)

_ALIVE = ("ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3", "BatchMode=yes")


class SshTransport:
    """One connection, shared by all commands where the client supports it (not on Windows).

    address: user@host, host, or either with :port. config: an ssh_config file instead of the user's own.
    Raises NoDeviceError without an ssh client, UnreachableError, HostKeyError or UnauthorisedError at once.
    """

    folder = ".cache/lwisp-bench"
    python = "python3"

    def __init__(self, address: str, config: str | Path | None = None) -> None:
        if shutil.which("ssh") is None:
            raise NoDeviceError("There's no ssh client on this host. Install OpenSSH's.")
        self.name = f"ssh:{address}"
        self._host, options = _target(address, config)
        self._sockets = tempfile.TemporaryDirectory(prefix="lwisp-ssh-")
        self._options = [*options, *_settings(Path(self._sockets.name) / "s")]
        self._connected = False
        try:
            self.execute("true")
        except DeviceError:
            self._sockets.cleanup()
            raise
        self._connected = True

    def execute(self, command: str, *, timeout_s: float = SHORT_TIMEOUT_S) -> Completed:
        """Run a line of shell on the board."""
        return self._run(command, timeout_s)

    def send(self, data: bytes, path: str) -> None:
        """Write a file on the board."""
        done = self._run(f"cat > {quoted(path)}", TRANSFER_TIMEOUT_S, data)
        check_room(done.stderr.encode(), self.name, path)
        if done.status != 0:
            raise DeviceError(f"{self.name}: {path} can't be written ({last_line(done.stderr)}).")

    def fetch(self, path: str) -> bytes:
        """Read a file of the board."""
        done = run_client(self._command(f"exec cat {quoted(path)}"), self.name, TRANSFER_TIMEOUT_S)
        if done.returncode != 0:
            raise self._failure(done.stderr)
        return done.stdout

    def close(self) -> None:
        """End the shared connection."""
        run_client(["ssh", *self._options, "-O", "exit", self._host], self.name, SHORT_TIMEOUT_S)
        self._sockets.cleanup()

    def _run(self, command: str, timeout_s: float, data: bytes | None = None) -> Completed:
        raw = run_client(self._command(with_status(command)), self.name, timeout_s, data)
        done = completed(raw)
        if done is None:
            raise self._failure(raw.stderr)
        return done

    def _command(self, command: str) -> list[str]:
        return ["ssh", *self._options, "-T", self._host, command]

    def _failure(self, stderr: bytes) -> DeviceError:
        """The error that ssh's message stands for."""
        reason = last_line(stderr)
        if b"IDENTIFICATION HAS CHANGED" in stderr:
            return HostKeyError(
                f"{self.name} has a host key other than the known one. If the board was reinstalled, remove the old "
                f"key (ssh-keygen -R {self._host}); if not, the connection may be intercepted."
            )
        if b"Host key verification failed" in stderr:
            return HostKeyError(f"{self.name} isn't a known host. Run `ssh {self._host}` once and check its key.")
        if b"Permission denied" in stderr:
            return UnauthorisedError(f"{self.name} refuses the login ({reason}). Install your key: ssh-copy-id.")
        if self._connected:
            return DeviceLostError(f"{self.name} was lost ({reason}). Results so far are kept; run again to go on.")
        return UnreachableError(f"{self.name} can't be reached ({reason}). Check its name, network and SSH server.")


def _target(address: str, config: str | Path | None) -> tuple[str, list[str]]:
    """The host, and the options to reach it."""
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "")
    if not host or host.startswith("-"):
        raise NoDeviceError(f"{address!r} names no SSH host; give ssh:user@host or ssh:user@host:port.")
    return host, [*([] if config is None else ["-F", str(config)]), *(["-p", port] if port else [])]


def _settings(socket: Path) -> list[str]:
    """Options to notice a lost board, never prompt, and share one connection where the client supports it."""
    shared = () if os.name == "nt" else ("ControlMaster=auto", f"ControlPath={socket}", "ControlPersist=60")
    return [word for setting in (*_ALIVE, *shared) for word in ("-o", setting)]
