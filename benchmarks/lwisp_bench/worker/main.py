"""The worker's entry: `python3 worker.zip request.json result.json`."""

import errno
import json
import sys
from pathlib import Path

from lwisp_bench.worker.job import EXIT_FULL, EXIT_MODEL, EXIT_NO_RUNTIME, AbResult, CountResult, Request, WorkerResult
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json


def main() -> int:
    """Answer the request in the first argument's file; write the result to the second's. Returns the exit status.

    The reason for a failure is the last line on standard error.
    """
    request = from_dict(Request, json.loads(Path(sys.argv[1]).read_text()), sys.argv[1])
    try:
        Path(sys.argv[2]).write_text(to_json(_answer(request), indent=None))
    except ImportError as error:
        return _fail(error, EXIT_NO_RUNTIME)
    except OSError as error:
        return _fail(error, EXIT_FULL if error.errno == errno.ENOSPC else 1)
    except (RuntimeError, ValueError, MemoryError) as error:
        return _fail(error, EXIT_MODEL)
    return 0


def _answer(request: Request) -> WorkerResult | CountResult | AbResult:
    # Imported here: a missing numpy is reported, not raised.
    from lwisp_bench.worker.interleaved import measure_interleaved  # noqa: PLC0415
    from lwisp_bench.worker.latency import measure_latency  # noqa: PLC0415
    from lwisp_bench.worker.marked_run import run_marked  # noqa: PLC0415

    if request.measure is not None:
        return measure_latency(request.measure)
    if request.count is not None:
        return run_marked(request.count)
    if request.ab is not None:
        return measure_interleaved(request.ab)
    raise ValueError("the request is empty")


def _fail(error: Exception, status: int) -> int:
    text = " ".join(str(error).split())
    sys.stderr.write(f"\n{type(error).__name__}: {text}\n")
    return status
