"""A process that calls one function again and again and may crash; the caller learns how and carries on."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class ProcessDiedError(Exception):
    """The process ended in the middle of a call."""

    def __init__(self, status: int) -> None:
        """status: the exit status; minus the signal's number if a signal ended the process."""
        super().__init__(signal.Signals(-status).name if status < 0 else f"exit status {status}")


class CallExpiredError(Exception):
    """A call exceeded its time; its process was ended."""


class WorkerProcess(Generic[P, R]):
    """Calls a function in a separate process, started when needed; a context manager, for one thread at a time.

    What the function raises is raised here. Ctrl-C doesn't reach the process; leaving the block ends it.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        """function: defined at the top level of a module; it, its arguments and its results travel as pickles."""
        self._function = function
        self._process: Any = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "WorkerProcess[P, R]":
        """Return the worker; the process starts with the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever it is doing."""
        self.end()

    def call(self, timeout_s: float | None, *arguments: P.args, **named: P.kwargs) -> R:
        """Call the function.

        timeout_s: the longest it may take; None: no limit. Raises ProcessDiedError, CallExpiredError, and whatever the
        function raises.
        """
        pipe = self._started()
        try:
            pipe.send((arguments, named))
            if not pipe.poll(timeout_s):
                self.end()
                raise CallExpiredError
            result, error = pipe.recv()
        except (EOFError, ConnectionError, BrokenPipeError) as broken:
            raise ProcessDiedError(self.end()) from broken
        if error is not None:
            raise error
        value: R = result
        return value

    def kill(self) -> None:
        """End the process, from any thread. A call that waits for it raises ProcessDiedError."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> int:
        """End the process if there is one. Returns its exit status, 0 without one."""
        process, self._process, pipe, self._pipe = self._process, None, self._pipe, None
        if process is None or pipe is None:
            return 0
        pipe.close()
        process.kill()
        process.join()
        return int(process.exitcode)

    def _started(self) -> Connection:
        if self._process is not None and not self._process.is_alive():
            self.end()
        if self._pipe is None:
            # Spawned: a fork of a process in which an engine has threads may hang.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(self._function, theirs), daemon=True)
            self._process.start()
            theirs.close()  # so that the pipe closes when the process ends
        return self._pipe


def _serve(function: Callable[..., object], pipe: Connection) -> None:
    """Answer calls until the caller is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            arguments, named = pipe.recv()
        except EOFError:
            return
        answer: tuple[object, Exception | None]
        try:
            answer = (function(*arguments, **named), None)
        except Exception as error:  # noqa: BLE001  raised again by the caller
            answer = (None, error)
        try:
            pipe.send(answer)
        except BrokenPipeError:
            return
