"""The decoding process: caps first, then the decoder. `lwisp_mobile.raw.sandbox.client` starts it."""

import os
import pickle
import sys
from typing import IO

from lwisp_mobile.child_process import take_stdout
from lwisp_mobile.errors import LwispError, SandboxError
from lwisp_mobile.raw.reader import decode_here
from lwisp_mobile.raw.sandbox.client import Limits, Request
from lwisp_mobile.raw.sandbox.protocol import write_failure, write_raw


def main() -> None:
    """Answer one request on stdin, which comes from this package's own process."""
    request = pickle.load(sys.stdin.buffer)
    with os.fdopen(take_stdout(), "wb") as stream:
        _cap(request.limits)
        _answer(stream, request)


def _answer(stream: IO[bytes], request: Request) -> None:
    try:
        write_raw(stream, decode_here(request.path, request.hints))
    except LwispError as error:
        write_failure(stream, error)
    except MemoryError:
        limit = request.limits.memory_bytes / 1e9
        write_failure(stream, SandboxError(f"The decoder needs more than its {limit:.1f} GB. Use --no-sandbox."))


def _cap(limits: Limits) -> None:
    """Cap this process. On Windows, nothing can be; on macOS, the cap on memory is accepted and has no effect."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    caps = {
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
        # Soft: SIGXCPU. Hard, a second later: SIGKILL.
        resource.RLIMIT_CPU: (limits.cpu_s, limits.cpu_s + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, cap in caps.items():
        resource.setrlimit(kind, cap)
