"""Tiles through signatures, by lanes: threads side by side, each with an interpreter and a tile of its own.

What a lane cuts out and stitches overlaps with what the others compute. No lane waits for another's part of an
operator, nor at the end of a stage: it goes on to the next one's first tiles while others finish the last.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ParamSpec, TypeVar

from lwisp_mobile.engine.signature import Codes, Signature
from lwisp_mobile.frame.synchronization import AbandonedError
from lwisp_mobile.frame.tiles import Tile

P = ParamSpec("P")
T = TypeVar("T")

Feed = Callable[[Tile], Mapping[str, Codes]]
"""A tile's inputs by name, waited for where another lane still makes them."""
Keep = Callable[[Tile, Mapping[str, Codes]], None]
"""Stores a tile's outputs."""


@dataclass(frozen=True)
class StageTime:
    """Where the time of one stage went, in milliseconds of wall clock; the first three are means over the lanes."""

    signature: str
    feed_ms: float
    """Inputs: pre-processing, cutting out, waiting for other lanes."""
    run_ms: float
    """The runtime, first run's surplus included."""
    keep_ms: float
    """Outputs: conversion and stitching."""
    wall_ms: float
    """From the end of the stage before, during whose last tiles it may have begun, to its own."""


@dataclass(frozen=True)
class Part:
    """A signature, in an interpreter for each lane, and the tiles it runs over."""

    signatures: Sequence[Signature]
    tiles: Sequence[Tile]
    feed: Feed
    keep: Keep
    shapes: Mapping[str, tuple[int, ...]]
    """Of a tile's inputs."""
    tile_macs: float
    """Multiply-adds of a tile."""


def run_parts(lanes: Executor, parts: Sequence[Part], abandon: Callable[[], None]) -> tuple[StageTime, ...]:
    """Run every tile of every part in order, each by the first lane that is free.

    feed and keep are called by all lanes at once, each time for another tile. The runtime and NumPy let go of Python's
    lock while they compute. No lane begins a tile after another has failed; abandon: ends the waiting in feed then.
    """
    waiting = deque((part, tile) for part in range(len(parts)) for tile in parts[part].tiles)
    longest = max(range(len(parts)), key=lambda part: parts[part].tile_macs)

    def lane(index: int) -> list[_Spent]:
        spent = [_Spent() for _ in parts]
        try:
            while (job := _next(waiting)) is not None:
                if job[0] == longest and spent[longest].tiles == index:
                    _allocate(parts[longest + 1 :], index, spent[longest + 1 :])
                _run_tile(parts[job[0]], index, job[1], spent[job[0]])
        except AbandonedError:
            pass  # the lane that failed tells why
        except BaseException:
            waiting.clear()
            abandon()
            raise
        return spent

    start_s = time.perf_counter()
    try:
        spent = list(lanes.map(lane, range(len(parts[0].signatures))))
    finally:
        waiting.clear()
    ends_s = [start_s, *(max(part.end_s for part in of_lanes) for of_lanes in zip(*spent))]
    return tuple(
        _stage_time(part.signatures[0].name, of_lanes, 1e3 * (end_s - before_s))
        for part, of_lanes, (before_s, end_s) in zip(parts, zip(*spent), pairwise(ends_s))
    )


def _allocate(parts: Sequence[Part], lane: int, spent: Sequence["_Spent"]) -> None:
    """Make one lane's buffers of later parts while the others are in their longest tiles.

    The engine holds Python's lock for that: at the parts' first tiles all lanes would wait for each other.
    """
    for part, mine in zip(parts, spent):
        mine.run.timed(part.signatures[lane].allocate)(part.shapes)


def _run_tile(part: Part, lane: int, tile: Tile, spent: "_Spent") -> None:
    outputs = spent.run.timed(part.signatures[lane].run)(spent.feed.timed(part.feed)(tile))
    spent.keep.timed(part.keep)(tile, outputs)
    spent.tiles, spent.end_s = spent.tiles + 1, time.perf_counter()


def _stage_time(signature: str, spent: Sequence["_Spent"], wall_ms: float) -> StageTime:
    parts = ("feed", "run", "keep")
    feed_ms, run_ms, keep_ms = (sum(getattr(of_lane, part).ms for of_lane in spent) / len(spent) for part in parts)
    return StageTime(signature, feed_ms, run_ms, keep_ms, wall_ms)


def _next(waiting: deque[T]) -> T | None:
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


@dataclass
class _Spent:
    """One lane's time in one part."""

    feed: Clock = field(default_factory=Clock)
    run: Clock = field(default_factory=Clock)
    keep: Clock = field(default_factory=Clock)
    tiles: int = 0
    end_s: float = 0
    """When its last tile was stored; 0 if it had none."""
