"""RAW files decoded in a process of its own, with caps on memory and time: LibRaw and Pillow are large C programs.

    >>> from lwisp_mobile.raw.reader import decoding_by, read_raw
    >>> with decoding_by(decode_apart):
    ...     raw = read_raw("photo.dng")

The child gets the request on stdin and answers on stdout: one line of JSON, then the mosaic. Nothing it says is
trusted: sizes are checked before memory is taken, and no pickle comes back.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.errors import SandboxError
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.sandbox.protocol import read_reply


@dataclass(frozen=True)
class Limits:
    """What one file's decoding may take."""

    memory_bytes: int = 2 << 30
    """Address space: Python and LibRaw, 0.15 GB, and up to 6 bytes for each pixel."""
    cpu_s: int = 60
    wall_s: float = 120.0


@dataclass(frozen=True)
class Request:
    """What the child is asked."""

    path: Path
    hints: RawHints
    limits: Limits


LIMITS = Limits()
# -B: the child writes no file, not even byte code.
WORKER = tuple(python_command("-B", "-c", "from lwisp_mobile.raw.sandbox.worker import main; main()"))

_ADVICE = "The file may be damaged or made to do harm. If you trust it, use --no-sandbox."


def decode_apart(path: Path, hints: RawHints, *, limits: Limits = LIMITS, worker: Sequence[str] = WORKER) -> RawImage:
    """Decode a camera's file or a PNG in a process of its own; a `Decoder` for `decoding_by`.

    worker: the command of that process. Raises SandboxError if it crashes, passes a cap or answers nonsense, and what
    `decode_here` raises.
    """
    request = Request(path.absolute(), hints, limits)
    with _running(worker, limits.wall_s) as child:
        with suppress(BrokenPipeError):  # it died; how, its exit status tells
            child.send(request)
        raw = read_reply(child.output)
        status = child.wait()
    if raw is None or status != 0:
        raise SandboxError(_cause(status, child.expired, limits))
    return replace(raw, notes=raw.notes + uncapped_notes(sys.platform))


def uncapped_notes(platform: str) -> tuple[str, ...]:
    """What a user must know where the system has no such caps. platform: as sys.platform."""
    missing = {"linux": None, "darwin": "memory isn't"}.get(platform, "memory and CPU time aren't")
    return () if missing is None else (f"Decoded in a process of its own, whose {missing} capped on {platform}.",)


class _Child:
    """A running decoder."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.expired = False

    @property
    def output(self) -> IO[bytes]:
        """Its answer."""
        return cast(IO[bytes], self._process.stdout)  # a pipe was asked for

    def send(self, request: Request) -> None:
        """Ask, once."""
        with cast(IO[bytes], self._process.stdin) as stream:
            stream.write(pickle.dumps(request))

    def wait(self) -> int:
        """Exit status once it's gone; minus the signal's number if a signal ended it."""
        return self._process.wait()

    def expire(self) -> None:
        """End it: its time is over."""
        self.expired = True
        self._process.kill()


@contextmanager
def _running(worker: Sequence[str], wall_s: float) -> Iterator[_Child]:
    """A decoder that is gone when the block is left, however it is left."""
    with subprocess.Popen(
        worker,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        # Ctrl-C is for the parent alone, which then ends its child.
        start_new_session=os.name == "posix",
    ) as process:
        child = _Child(process)
        timer = threading.Timer(wall_s, child.expire)
        timer.start()
        try:
            yield child
        finally:
            timer.cancel()
            process.kill()


def _environment() -> dict[str, str]:
    # Threads that are never used would take address space.
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # glibc hands out memory filled with zeros: LibRaw gives what it found there for samples that a file lacks.
    return child_environment(**one_thread, MALLOC_PERTURB_="255")


def _cause(status: int, expired: bool, limits: Limits) -> str:
    if expired:
        return f"The decoder took longer than {limits.wall_s:g} s and was ended. {_ADVICE}"
    if status == -getattr(signal, "SIGXCPU", 0) and status:
        return f"The decoder used more than {limits.cpu_s} s of CPU time and was ended by SIGXCPU. {_ADVICE}"
    if status < 0:
        return f"The decoder crashed: it was ended by {signal.Signals(-status).name}. {_ADVICE}"
    return f"The decoder ended with exit status {status} and gave no picture. {_ADVICE}"
