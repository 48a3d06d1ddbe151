"""A process for calls that may crash or hang it."""

import os
import signal
import time

import pytest

from lwisp_mobile.batch.worker_process import CallExpiredError, ProcessDiedError, WorkerProcess
from lwisp_mobile.errors import ModelError


def work(task: str) -> int:
    """What a call may do to its process."""
    match task:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "raise":
            raise ModelError("as it was raised")
    return os.getpid()


def test_a_worker_outlives_what_its_process_does() -> None:
    with WorkerProcess(work) as worker:
        first = worker.call(None, "")
        assert worker.call(None, "") == first
        with pytest.raises(ProcessDiedError, match="SIGSEGV"):
            worker.call(None, "crash")
        second = worker.call(None, "")
        with pytest.raises(CallExpiredError):
            worker.call(0.2, "hang")
        third = worker.call(None, "")
        with pytest.raises(ProcessDiedError, match="exit status 3"):
            worker.call(None, "leave")
        with pytest.raises(ModelError, match="as it was raised"):
            worker.call(None, "raise")
        last = worker.call(None, "")
    assert len({first, second, third, last}) == 4
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


def test_a_process_that_died_between_calls_is_started_again() -> None:
    with WorkerProcess(work) as worker:
        first = worker.call(None, "")
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert worker.call(None, "") != first
