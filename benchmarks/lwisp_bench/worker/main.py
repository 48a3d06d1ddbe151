"""The worker's entry: `python3 worker.pyz job.json result.json`."""

import errno
import json
import sys
from pathlib import Path

from lwisp_bench.worker.job import (
    EXIT_FULL,
    EXIT_MODEL,
    EXIT_NO_RUNTIME,
    CountResult,
    DuelResult,
    Order,
    WorkerResult,
)
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json


def main() -> int:
    """Carry out the order of the first argument and write the result to the second. Returns the exit status.

    The reason of a failure is the last line on standard error.
    """
    order = from_dict(Order, json.loads(Path(sys.argv[1]).read_text()), sys.argv[1])
    try:
        Path(sys.argv[2]).write_text(to_json(_carry_out(order), indent=None))
    except ImportError as error:
        return _fail(error, EXIT_NO_RUNTIME)
    except OSError as error:
        return _fail(error, EXIT_FULL if error.errno == errno.ENOSPC else 1)
    except (RuntimeError, ValueError, MemoryError) as error:
        return _fail(error, EXIT_MODEL)
    return 0


def _carry_out(order: Order) -> WorkerResult | CountResult | DuelResult:
    # Imported here: a missing numpy is reported, not raised.
    from lwisp_bench.worker.count import count  # noqa: PLC0415
    from lwisp_bench.worker.duel import duel  # noqa: PLC0415
    from lwisp_bench.worker.measure import measure  # noqa: PLC0415

    if order.duel is not None:
        return duel(order.duel)
    if order.job is None:
        raise ValueError(f"the order {order.task} has no job")
    return count(order.job) if order.task == "count" else measure(order.job)


def _fail(error: Exception, status: int) -> int:
    text = " ".join(str(error).split())
    sys.stderr.write(f"\n{type(error).__name__}: {text}\n")
    return status
