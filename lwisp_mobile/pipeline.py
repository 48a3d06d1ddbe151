"""Tiles through one signature, by lanes: threads side by side, each with an interpreter and a tile of its own.

What a lane cuts out and stitches overlaps with what the others compute, and no lane waits for another's part of an
operator.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from lwisp_mobile.signature import Codes, Signature
from lwisp_mobile.tiling import Tile

P = ParamSpec("P")
T = TypeVar("T")

Feed = Callable[[Tile], Mapping[str, Codes]]
"""A tile's inputs by name."""
Keep = Callable[[Tile, Mapping[str, Codes]], None]
"""Stores a tile's outputs."""


@dataclass(frozen=True)
class StageTime:
    """Where the time of one stage went, in milliseconds of wall clock; the first three are means over the lanes."""

    signature: str
    feed_ms: float
    """Inputs: pre-processing and cutting out."""
    run_ms: float
    """The runtime, first run's surplus included."""
    keep_ms: float
    """Outputs: conversion and stitching."""
    wall_ms: float


def run_tiles(
    lanes: Executor, signatures: Sequence[Signature], tiles: Sequence[Tile], feed: Feed, keep: Keep
) -> StageTime:
    """Run every tile, each by the first lane that is free; one lane for each signature.

    feed and keep are called by all lanes at once, each time for another tile. The runtime and NumPy let go of Python's
    lock while they compute. No lane begins a tile after another has failed.
    """
    waiting = deque(tiles)

    def lane(signature: Signature) -> tuple[float, float, float]:
        feeding, running, keeping = Clock(), Clock(), Clock()
        try:
            while (tile := _next(waiting)) is not None:
                outputs = running.timed(signature.run)(feeding.timed(feed)(tile))
                keeping.timed(keep)(tile, outputs)
        finally:
            waiting.clear()
        return feeding.ms, running.ms, keeping.ms

    whole = Clock()
    try:
        with whole:
            times = list(lanes.map(lane, signatures))
    finally:
        waiting.clear()
    feed_ms, run_ms, keep_ms = (sum(part) / len(times) for part in zip(*times))
    return StageTime(signatures[0].name, feed_ms, run_ms, keep_ms, whole.ms)


def _next(waiting: deque[Tile]) -> Tile | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


class Clock:
    """Adds up the wall time spent inside it; used by one thread at a time."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.ms = 0.0

    def __enter__(self) -> None:
        """Start."""
        self._start = time.perf_counter()

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self.ms += 1e3 * (time.perf_counter() - self._start)

    def timed(self, function: Callable[P, T]) -> Callable[P, T]:
        """The same function, its time added."""

        def run(*arguments: P.args, **options: P.kwargs) -> T:
            with self:
                return function(*arguments, **options)

        return run
