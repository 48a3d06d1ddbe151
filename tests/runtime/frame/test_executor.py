"""Executors: one stage over its tiles, in order or by workers side by side, with the same result."""

import threading
import time
from collections.abc import Mapping

import numpy as np
import pytest

from lwisp_mobile.engine.quantization import Values
from lwisp_mobile.frame.buffers import FeatureBuffer
from lwisp_mobile.frame.executor import Executor, run_concurrently, run_sequentially
from lwisp_mobile.frame.tiles import Tile, split_side

SIDE_PX, HALO_PX = 96, 4
TILES = tuple(
    Tile(rows, columns) for rows in split_side(SIDE_PX, 32, HALO_PX) for columns in split_side(SIDE_PX, 32, HALO_PX)
)
EXECUTORS = [run_sequentially, run_concurrently]


class Doubling:
    """Stands in for a signature in one worker's interpreter."""

    def __init__(self, *, fails_at: int = 0, seconds: float = 0.001) -> None:
        self.name, self.calls, self.fails_at, self.seconds = "double", 0, fails_at, seconds
        self.busy = threading.Lock()

    def run(self, inputs: Mapping[str, Values]) -> dict[str, Values]:
        assert self.busy.acquire(blocking=False), "two threads in one interpreter"
        self.calls += 1
        time.sleep(self.seconds)
        self.busy.release()
        if self.calls == self.fails_at:
            raise ValueError("this one fails")
        return {"out": 2 * inputs["in"]}


def run(execute: Executor, workers: list[Doubling]) -> tuple[FeatureBuffer, FeatureBuffer, float]:
    values = np.arange(SIDE_PX**2, dtype=np.int32).reshape(SIDE_PX, SIDE_PX, 1)
    source, sink = FeatureBuffer(values, 1), FeatureBuffer(np.zeros_like(values), 1)
    time = execute(
        workers, TILES, lambda tile: {"in": source.cut(tile)}, lambda tile, outputs: sink.store(tile, outputs["out"])
    )
    assert time.signature == "double"
    assert time.feed_ms + time.run_ms + time.keep_ms <= time.wall_ms
    return source, sink, time.run_ms


@pytest.mark.parametrize("execute", EXECUTORS)
def test_every_tile_is_run_once(execute: Executor) -> None:
    workers = [Doubling() for _ in range(3)]
    source, sink, _ = run(execute, workers)
    assert np.array_equal(sink.values, 2 * source.values)
    assert sum(worker.calls for worker in workers) == len(TILES)


def test_only_the_concurrent_one_uses_every_worker() -> None:
    for execute, used in ((run_sequentially, 1), (run_concurrently, 3)):
        workers = [Doubling(seconds=0.02) for _ in range(3)]
        run(execute, workers)
        assert sum(worker.calls > 0 for worker in workers) == used


@pytest.mark.parametrize("execute", EXECUTORS)
def test_a_failure_ends_the_stage(execute: Executor) -> None:
    workers = [Doubling(fails_at=1), Doubling(seconds=0.05), Doubling(seconds=0.05)]
    with pytest.raises(ValueError, match="this one fails"):
        run(execute, workers)
    assert sum(worker.calls for worker in workers) <= 3
