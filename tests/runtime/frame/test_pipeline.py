"""Lanes: they wait for each other's tiles, go on to the next stage, and end when one of them fails."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from lwisp_mobile.frame.pipeline import Part, run_parts
from lwisp_mobile.frame.synchronization import AbandonedError, Arrivals, Missing

from lwisp_mobile.engine.signature import Codes, Signature
from lwisp_mobile.frame.buffers import FeatureMap
from lwisp_mobile.frame.tiles import Tile, split_side

SIDE_PX, HALO_PX = 96, 4
TILES = tuple(
    Tile(rows, columns) for rows in split_side(SIDE_PX, 32, HALO_PX) for columns in split_side(SIDE_PX, 32, 4)
)
LANES = 3


class Doubling:
    """Stands in for a signature; slow at its last tiles, so that others reach the next stage before it's done."""

    def __init__(self, name: str, *, fails_at: int = -1) -> None:
        self.name, self.calls, self.fails_at, self.lock = name, 0, fails_at, threading.Lock()
        self.allocated: list[Mapping[str, tuple[int, ...]]] = []

    def allocate(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.allocated.append(shapes)

    def run(self, inputs: Mapping[str, Codes]) -> dict[str, Codes]:
        with self.lock:
            self.calls += 1
            call = self.calls
        time.sleep(0.03 if call > len(TILES) - LANES else 0.001)
        if call == self.fails_at:
            raise ValueError(f"{self.name} fails")
        return {"out": 2 * inputs["in"]}


def empty_map(arrivals: Arrivals) -> FeatureMap:
    return FeatureMap(np.zeros((SIDE_PX, SIDE_PX, 1), np.int32), SIDE_PX, Missing(TILES, arrivals))


def part(name: str, source: FeatureMap, sink: FeatureMap, fails_at: int = -1) -> Part:
    signature = cast(Signature, Doubling(name, fails_at=fails_at))

    def feed(tile: Tile) -> dict[str, Any]:
        return {"in": source.cut(tile)}

    def keep(tile: Tile, result: Mapping[str, Codes]) -> None:
        sink.keep(tile, result["out"])

    return Part((signature,) * LANES, TILES, feed, keep, {"in": source.shape(TILES[0])}, tile_macs=1)


def chain(arrivals: Arrivals, fails_at: int = -1) -> tuple[list[Part], FeatureMap]:
    """Three stages, each of which reads what the one before makes; the first may fail."""
    values = np.arange(SIDE_PX**2, dtype=np.int32).reshape(SIDE_PX, SIDE_PX, 1)
    maps = [FeatureMap(values, SIDE_PX), *(empty_map(arrivals) for _ in range(3))]
    parts = [part(f"stage {i}", maps[i], maps[i + 1], fails_at if i == 0 else -1) for i in range(3)]
    return parts, maps[-1]


def test_no_lane_takes_what_is_not_there_yet() -> None:
    arrivals = Arrivals()
    parts, last = chain(arrivals)
    with ThreadPoolExecutor(LANES) as lanes:
        times = run_parts(lanes, parts, arrivals.abandon)
    assert np.array_equal(last.values[..., 0].ravel(), 8 * np.arange(SIDE_PX**2))
    assert [time.signature for time in times] == ["stage 0", "stage 1", "stage 2"]
    assert all(time.wall_ms > 0 and time.run_ms > 0 for time in times)


def test_buffers_of_later_stages_are_made_during_the_longest() -> None:
    arrivals = Arrivals()
    parts, last = chain(arrivals)
    parts[0] = replace(parts[0], tile_macs=2)
    with ThreadPoolExecutor(LANES) as lanes:
        run_parts(lanes, parts, arrivals.abandon)
    allocated = [cast(Doubling, part.signatures[0]).allocated for part in parts]
    assert allocated[0] == []
    assert 1 <= len(allocated[1]) <= LANES
    assert allocated[1] == allocated[2] == [{"in": (1, 32, 32, 1)}] * len(allocated[1])
    assert np.array_equal(last.values[..., 0].ravel(), 8 * np.arange(SIDE_PX**2))


@pytest.mark.parametrize("fails_at", [1, len(TILES) - 1, len(TILES)])
def test_a_failing_lane_ends_those_that_wait_for_it(fails_at: int) -> None:
    arrivals = Arrivals()
    parts, _ = chain(arrivals, fails_at)
    with ThreadPoolExecutor(LANES) as lanes, pytest.raises(ValueError, match="stage 0 fails"):
        run_parts(lanes, parts, arrivals.abandon)


def test_a_tile_waits_for_its_halo_but_for_nothing_else() -> None:
    arrivals = Arrivals()
    known = empty_map(arrivals)
    for tile in TILES[:-1]:
        known.keep(tile, np.ones((1, 32, 32, 1), np.int32))
    assert known.cut(TILES[0]).all()
    with ThreadPoolExecutor(1) as lane:
        waiting = lane.submit(known.cut, TILES[-2])
        time.sleep(0.05)
        assert not waiting.done()
        known.keep(TILES[-1], np.ones((1, 32, 32, 1), np.int32))
        assert waiting.result(10).all()


def test_what_was_abandoned_is_not_waited_for() -> None:
    arrivals = Arrivals()
    arrivals.abandon()
    with pytest.raises(AbandonedError):
        empty_map(arrivals).cut(TILES[0])


def test_a_released_map_holds_no_memory() -> None:
    known = FeatureMap(np.zeros((8, 8, 1), np.int8), 8)
    values = known.release()
    assert values.shape == (8, 8, 1)
    assert known.values.base is None
    assert known.values.size == 0
