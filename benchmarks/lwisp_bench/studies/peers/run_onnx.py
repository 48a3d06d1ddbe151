"""Time an ONNX by ONNX Runtime: `python -m lwisp_bench.studies.peers.run_onnx order.json result.json`."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lwisp_bench.worker.job import Limits
from lwisp_bench.worker.machine import memory_use, resident_bytes
from lwisp_bench.worker.measure import enough
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

SEED = 0


@dataclass(frozen=True)
class OnnxOrder:
    """What to run, and how long."""

    model: str
    threads: int
    limits: Limits


@dataclass(frozen=True)
class OnnxResult:
    """What came of it; times in ms of wall clock, inference alone."""

    version: str
    wall_ms: tuple[float, ...]
    before_load_bytes: int | None
    peak_bytes: int | None


def run_onnx(order: OnnxOrder) -> OnnxResult:
    """Run a model of one float32 input, fed with seeded noise. Raises what ONNX Runtime raises."""
    import onnxruntime  # noqa: PLC0415  of the extra `export`; only this program needs it

    before = resident_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = order.threads
    session = onnxruntime.InferenceSession(order.model, options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    feed = {entry.name: np.random.default_rng(SEED).random(entry.shape, dtype=np.float32)}
    for _ in range(1 + order.limits.min_warm_up):
        session.run(None, feed)
    samples = _timed(session, feed, order.limits)
    memory = memory_use(before)
    return OnnxResult(onnxruntime.__version__, samples, memory.before_load_bytes, memory.peak_bytes)


def _timed(session: Any, feed: dict[str, Any], limits: Limits) -> tuple[float, ...]:
    samples: list[float] = []
    begin = time.perf_counter()
    while not enough(len(samples), time.perf_counter() - begin, limits):
        start = time.perf_counter()
        session.run(None, feed)
        samples.append(1e3 * (time.perf_counter() - start))
    return tuple(samples)


if __name__ == "__main__":
    read = from_dict(OnnxOrder, json.loads(Path(sys.argv[1]).read_text()), sys.argv[1])
    Path(sys.argv[2]).write_text(to_json(run_onnx(read)))
