"""A process that calls one function again and again and may crash; the caller learns how and carries on."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, Any, Generic, ParamSpec, TypeVar, cast

from lwisp_mobile.child_process import child_environment, python_command, take_stdout

P = ParamSpec("P")
R = TypeVar("R")

_BROKEN = (EOFError, OSError, pickle.UnpicklingError)
"""What the caller meets when the process dies in the middle of a call."""


class ProcessDiedError(Exception):
    """The process ended in the middle of a call."""

    def __init__(self, status: int) -> None:
        """status: the exit status; minus the signal's number if a signal ended the process."""
        super().__init__(signal.Signals(-status).name if status < 0 else f"exit status {status}")


class CallExpiredError(Exception):
    """A call exceeded its time; its process was ended."""


class WorkerProcess(Generic[P, R]):
    """Calls a function in a separate process, started when needed; a context manager, for one thread at a time.

    What the function raises is raised here. Ctrl-C doesn't reach the process; leaving the block ends it. It imports
    nothing from the working folder.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        """function: at the top level of a module other than `__main__`; it, its arguments and results are pickled."""
        self._function = function
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "WorkerProcess[P, R]":
        """Return the worker; the process starts with the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever it is doing."""
        self.end()

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    def call(self, timeout_s: float | None, *arguments: P.args, **named: P.kwargs) -> R:
        """Call the function.

        timeout_s: the longest it may take; None: no limit. Raises ProcessDiedError, CallExpiredError, and whatever the
        function raises.
        """
        process = self._started()
        with _time_limit(process, timeout_s) as expired:
            try:
                _send(cast(IO[bytes], process.stdin), (self._function, arguments, named))
                result, error = pickle.load(cast(IO[bytes], process.stdout))
            except _BROKEN as broken:
                status = self.end()
                raise CallExpiredError if expired.is_set() else ProcessDiedError(status) from broken
        if error is not None:
            raise error
        return cast(R, result)

    def kill(self) -> None:
        """End the process, from any thread. A call that waits for it raises ProcessDiedError."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> int:
        """End the process if there is one. Returns its exit status, 0 without one."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        status = process.wait()
        for stream in (process.stdin, process.stdout):
            _close(cast(IO[bytes], stream))
        return status

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is None:
            self._process = subprocess.Popen(
                python_command("-c", f"from {__name__} import serve; serve()"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=child_environment(),
                # Ctrl-C is for the parent alone, which then ends its children.
                start_new_session=os.name == "posix",
            )
        return self._process


def serve() -> None:
    """The process's side: answer calls on stdin until the caller is gone."""
    if os.name != "posix":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(take_stdout(), "wb") as answers:
        while True:
            try:
                function, arguments, named = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                _send(answers, _answer(function, arguments, named))
            except BrokenPipeError:
                return


def _answer(function: Callable[..., object], arguments: Any, named: Any) -> tuple[object, Exception | None]:
    try:
        return function(*arguments, **named), None
    except Exception as error:  # noqa: BLE001  raised again by the caller
        return None, error


def _send(stream: IO[bytes], message: object) -> None:
    stream.write(pickle.dumps(message))
    stream.flush()


def _close(stream: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # what it didn't read any more
        stream.close()


@contextmanager
def _time_limit(process: "subprocess.Popen[bytes]", timeout_s: float | None) -> Iterator[threading.Event]:
    """End the process after a time; the event says whether that happened."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        process.kill()

    timer = None if timeout_s is None else threading.Timer(timeout_s, expire)
    if timer is not None:
        timer.start()
    try:
        yield expired
    finally:
        if timer is not None:
            timer.cancel()
