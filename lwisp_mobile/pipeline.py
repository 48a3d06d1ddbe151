"""Tiles through one signature: while one runs, the next is cut out and the one before is put in its place."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from typing import ParamSpec, TypeVar

from lwisp_mobile.session import Codes, Signature
from lwisp_mobile.tiling import Tile

P = ParamSpec("P")
T = TypeVar("T")

Feed = Callable[[Tile], Mapping[str, Codes]]
"""A tile's inputs by name."""
Keep = Callable[[Tile, Mapping[str, Codes]], None]
"""Stores a tile's outputs."""


@dataclass(frozen=True)
class StageTime:
    """Where the time of one stage went, in milliseconds of wall clock; the first three overlap."""

    signature: str
    feed_ms: float
    """Inputs: pre-processing and cutting out, in a thread of its own."""
    run_ms: float
    """The runtime, first run's surplus included."""
    keep_ms: float
    """Outputs: conversion and stitching, in a thread of its own."""
    wall_ms: float


def run_tiles(signature: Signature, tiles: Sequence[Tile], feed: Feed, keep: Keep) -> StageTime:
    """Run every tile in order. feed and keep are called in order too, one call of each at a time.

    The runtime and NumPy let go of Python's lock while they compute. Two tiles' inputs and outputs are held at most.
    """
    feeding, running, keeping, whole = _Clock(), _Clock(), _Clock(), _Clock()
    with whole, ThreadPoolExecutor(1, "feed") as feeder, ThreadPoolExecutor(1, "keep") as keeper:
        ready = feeder.submit(feeding.timed(feed), tiles[0])
        kept: Future[None] | None = None
        for tile, following in zip_longest(tiles, tiles[1:]):
            inputs = ready.result()
            if following is not None:
                ready = feeder.submit(feeding.timed(feed), following)
            outputs = running.timed(signature.run)(inputs)
            if kept is not None:
                kept.result()
            kept = keeper.submit(keeping.timed(keep), tile, outputs)
        if kept is not None:
            kept.result()
    return StageTime(signature.name, feeding.ms, running.ms, keeping.ms, whole.ms)


class _Clock:
    """Adds up the wall time spent inside it; used by one thread at a time."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_error: object) -> None:
        self.ms += 1e3 * (time.perf_counter() - self._start)

    def timed(self, function: Callable[P, T]) -> Callable[P, T]:
        """The same function, its time added."""

        def run(*arguments: P.args, **options: P.kwargs) -> T:
            with self:
                return function(*arguments, **options)

        return run
