"""One frame from planes to picture by its plan: the sample, then every stage over its tiles.

A stage ends before the next begins. Its tiles are run by an `Executor`: one after another, or by workers side by side,
each with an interpreter of its own; what a worker cuts out and stitches overlaps with what the others compute.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Protocol

from lwisp_mobile.engine.quantization import Values, quantize
from lwisp_mobile.engine.session import Session
from lwisp_mobile.frame.buffers import FrameBuffers, PictureBuffer
from lwisp_mobile.frame.global_context import Planes, gather_sample
from lwisp_mobile.frame.memory_model import live_tensors
from lwisp_mobile.frame.planner import FramePlan
from lwisp_mobile.frame.tiles import Tile

Read = Callable[[Tile], Mapping[str, Values]]
"""A tile's inputs by name."""
Store = Callable[[Tile, Mapping[str, Values]], None]
"""Keeps a tile's outputs."""


@dataclass(frozen=True)
class StageTime:
    """Where the time of one stage went, in milliseconds of wall clock; the first three are means over the workers."""

    signature: str
    feed_ms: float
    """Inputs: pre-processing, cutting out."""
    run_ms: float
    """The engine, first run's surplus included."""
    keep_ms: float
    """Outputs: conversion and stitching."""
    wall_ms: float
    """The whole stage; for stages that are freed after it, without loading the model."""


class Runner(Protocol):
    """What runs tiles: a `Signature`, for one thread at a time."""

    name: str

    def run(self, inputs: Mapping[str, Values]) -> Mapping[str, Values]:
        """Run once."""


class Executor(Protocol):
    """Runs a stage over its tiles; returns once all are stored."""

    def __call__(self, runners: Sequence[Runner], tiles: Sequence[Tile], read: Read, store: Store) -> StageTime:
        """runners: the stage's signature, in an interpreter for each worker. Raises what a worker raises."""


def run_frame(
    session: Session, planes: Planes, plan: FramePlan, picture: PictureBuffer, execute: Executor
) -> tuple[StageTime, ...]:
    """Develop a frame into `picture`. Returns the time of the sample and of each stage, in order.

    Raises ModelError if the engine fails, NonFiniteError if a float model gives NaN or infinity.
    """
    layout = _layout(planes, plan) if plan.keeps_open else None
    sample_time, image_wide = _run_sample(session, planes, plan.workers if plan.keeps_open else 1, layout)
    buffers = FrameBuffers(session.contract, planes, picture, image_wide)
    times, stages = [sample_time], [tiles.stage for tiles in plan.stages]
    for place, tiles in enumerate(plan.stages):
        buffers.begin(tiles.stage, live_tensors(stages, place))
        with session.pool.open(tiles.stage.name, plan.workers, layout=layout) as signatures:
            times.append(execute(signatures, tiles.tiles, partial(buffers.read, tiles.stage), buffers.store))
    return tuple(times)


def run_sequentially(runners: Sequence[Runner], tiles: Sequence[Tile], read: Read, store: Store) -> StageTime:
    """Run one tile after another, by the first of the runners: an `Executor`."""
    start_s = time.perf_counter()
    spent = _run_tiles(runners[0], deque(tiles), read, store)
    return _stage_time(runners[0].name, [spent], start_s)


def run_concurrently(runners: Sequence[Runner], tiles: Sequence[Tile], read: Read, store: Store) -> StageTime:
    """Run every tile by the first worker that is free: an `Executor`.

    read and store are called by all workers at once, each time for another tile. The engine and NumPy let go of
    Python's lock while they compute. No worker begins a tile after another has failed.
    """
    start_s, remaining = time.perf_counter(), deque(tiles)

    def work(runner: Runner) -> _Spent:
        try:
            return _run_tiles(runner, remaining, read, store)
        finally:
            remaining.clear()  # empty already, unless this worker has failed

    with ThreadPoolExecutor(len(runners), "worker") as workers:
        try:
            spent = list(workers.map(work, runners))
        finally:
            remaining.clear()
    return _stage_time(runners[0].name, spent, start_s)


@dataclass
class _Spent:
    """One worker's time in one stage."""

    feed_s: float = 0
    run_s: float = 0
    keep_s: float = 0


def _run_tiles(runner: Runner, remaining: deque[Tile], read: Read, store: Store) -> _Spent:
    """Take tiles as long as there are some."""
    spent = _Spent()
    while True:
        try:
            tile = remaining.popleft()
        except IndexError:
            return spent
        _run_tile(runner, tile, read, store, spent)


def _run_tile(runner: Runner, tile: Tile, read: Read, store: Store, spent: _Spent) -> None:
    start_s = time.perf_counter()
    inputs = read(tile)
    fed_s = time.perf_counter()
    outputs = runner.run(inputs)
    run_s = time.perf_counter()
    store(tile, outputs)
    spent.feed_s += fed_s - start_s
    spent.run_s += run_s - fed_s
    spent.keep_s += time.perf_counter() - run_s


def _stage_time(signature: str, spent: Sequence[_Spent], start_s: float) -> StageTime:
    feed_ms, run_ms, keep_ms = (
        1e3 * fmean(getattr(worker, part) for worker in spent) for part in ("feed_s", "run_s", "keep_s")
    )
    return StageTime(signature, feed_ms, run_ms, keep_ms, 1e3 * (time.perf_counter() - start_s))


def _run_sample(
    session: Session, planes: Planes, workers: int, layout: Hashable
) -> tuple[StageTime, Mapping[str, Values]]:
    """Take the image-wide quantities, by the first of the workers."""
    contract = session.contract
    with session.pool.open(contract.sample.name, workers, layout=layout) as signatures:
        start_s = time.perf_counter()
        sample = quantize(gather_sample(planes, contract), contract.input_tensor)
        fed_s = time.perf_counter()
        image_wide = signatures[0].run({contract.input_tensor.name: sample[None]})
        spent = _Spent(fed_s - start_s, time.perf_counter() - fed_s)
        return _stage_time(contract.sample.name, [spent], start_s), image_wide


def _layout(planes: Planes, plan: FramePlan) -> Hashable:
    """All that the sizes of a frame's runs depend on."""
    tiles = ((tiles.stage.name, tiles.height_px, tiles.width_px) for tiles in plan.stages)
    return (planes.height_px, planes.width_px, *tiles)
