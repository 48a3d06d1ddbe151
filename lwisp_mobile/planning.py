"""How a frame is developed: whole or in tiles, and which tiles, by a memory budget."""

from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Literal

from lwisp_mobile.contract import ModelContract, StageContract
from lwisp_mobile.errors import ContractError, UsageError
from lwisp_mobile.footprint import (
    FrameSize,
    bytes_together,
    held_in_tiles,
    held_whole,
    least_bytes,
    run_bytes_per_px,
    ways_of,
)
from lwisp_mobile.memory import LEFT_BYTES, available_bytes
from lwisp_mobile.tiling import SETUP_MACS_PER_BYTE, TilePlan, lay_tiles, plan_tiles

Mode = Literal["whole", "tiles"]
LOAD_MACS = 3_000_000_000
"""What it costs to load the model again: about 5 ms."""
DEAREST = 1000.0
PRICE_STEP = 1.05
"""Memory is at most this many times as dear as it is; its price is found to this factor."""
SHARED_COST = 1.1
"""What threads that share an operator take, against as many lanes: they wait for each other. Measured on two."""


@dataclass(frozen=True)
class FramePlan:
    """The runs that develop one frame."""

    mode: Mode
    stages: tuple[TilePlan, ...]
    """One tile of "develop" in mode `whole`; one of the contract's lists of stages in mode `tiles`."""
    peak_bytes: int
    """Estimate of the process's peak."""
    keeps_open: bool
    """Whether the budget has room for all signatures at once, so that the next frame finds them ready."""
    lanes: int = 1
    """Threads that each run tiles of their own."""

    @property
    def macs(self) -> float:
        """Multiply-adds of all runs, halos included."""
        return sum(stage.macs for stage in self.stages)


def plan_frame(contract: ModelContract, frame: FrameSize, max_bytes: int | None, threads: int = 1) -> FramePlan:
    """The cheapest way that keeps the whole process within a budget. max_bytes: None takes what is free.

    threads: what the runtime may use, in one lane or more. Raises UsageError, naming what is needed, if there's no such
    way; ContractError if the model has no stages.
    """
    if not contract.stages:
        raise ContractError(f"The contract of {contract.name!r} names no stages for tiles; export the model again.")
    free = available_bytes()
    limit = max_bytes if max_bytes is not None else inf if free is None else free
    found = [(contract, _whole(contract, frame))] + [
        (way, plan(way, frame, limit, lanes))
        for way in ways_of(contract)
        for lanes in _lane_counts(threads)
        for plan in (_kept_open, _one_by_one)
    ]
    plans = [(way, plan) for way, plan in found if plan is not None and plan.peak_bytes <= limit]
    if not plans:
        raise UsageError(
            f"A frame of {2 * frame.width_px}x{2 * frame.height_px} px takes at least "
            f"{least_bytes(contract, frame) / 1e6:.0f} MB in {contract.precision}; {limit / 1e6:.0f} MB are "
            f"{'free' if max_bytes is None else 'allowed'}. Allow or free more, use int8, or cut the frame."
        )
    way, best = min(plans, key=lambda plan: _cost(plan[1], threads))
    together = bytes_together(way, frame, best.stages, best.lanes)
    return replace(best, peak_bytes=together, keeps_open=True) if together <= limit else best


def _lane_counts(threads: int) -> list[int]:
    return [lanes for lanes in range(1, threads + 1) if threads % lanes == 0]


def _cost(plan: FramePlan, threads: int) -> float:
    macs = sum(stage.cost for stage in plan.stages)
    loads = 1 if plan.keeps_open else len(plan.stages)
    return macs * (1 if plan.lanes == threads else SHARED_COST) + loads * LOAD_MACS


def _whole(contract: ModelContract, frame: FrameSize) -> FramePlan | None:
    multiple, sides = contract.input.size_multiple, (frame.height_px, frame.width_px)
    develop = StageContract(
        "develop", contract.halo_px, multiple, contract.macs_per_packed_px, 3 * contract.output_scale**2
    )
    plan = lay_tiles(develop, *sides, run_bytes_per_px(contract, develop), sides)
    return FramePlan("whole", (plan,), round(held_whole(contract, frame) + plan.run_bytes), keeps_open=False)


def _kept_open(contract: ModelContract, frame: FrameSize, limit: float, lanes: int) -> FramePlan | None:
    """Tiles of every stage whose runs are all held at once; None if there are none.

    Memory is made dearer until all fit: so each stage gives up what costs it least.
    """
    best = _at_price(contract, frame, limit, lanes, 1)
    low, high = 1.0, DEAREST
    while best is None and high > low * PRICE_STEP:
        price = sqrt(low * high)
        found = _at_price(contract, frame, limit, lanes, price)
        low, high = (price, high) if found is None else (low, price)
    return best or _at_price(contract, frame, limit, lanes, high)


def _at_price(contract: ModelContract, frame: FrameSize, limit: float, lanes: int, price: float) -> FramePlan | None:
    """Every stage's cheapest tiles at a price of memory; None if they don't fit together."""
    plans = [
        plan_tiles(
            stage,
            frame.height_px,
            frame.width_px,
            run_bytes_per_px(contract, stage),
            limit,
            lanes=lanes,
            macs_per_byte=SETUP_MACS_PER_BYTE * price,
        )
        for stage in contract.stages
    ]
    stages = tuple(plan for plan in plans if plan is not None)
    peak = bytes_together(contract, frame, stages, lanes)
    fits = len(stages) == len(plans) and peak <= limit
    return FramePlan("tiles", stages, peak, keeps_open=True, lanes=lanes) if fits else None


def _one_by_one(contract: ModelContract, frame: FrameSize, limit: float, lanes: int) -> FramePlan | None:
    """Each stage's cheapest tiles in the memory that is left; None if a stage finds none."""
    held = held_in_tiles(contract, frame, lanes) + LEFT_BYTES
    plans = [
        plan_tiles(stage, frame.height_px, frame.width_px, run_bytes_per_px(contract, stage), limit - held, lanes=lanes)
        for stage in contract.stages
    ]
    stages = tuple(plan for plan in plans if plan is not None)
    if len(stages) < len(plans):
        return None
    peak = round(held + max(plan.run_bytes for plan in stages))
    return FramePlan("tiles", stages, peak, keeps_open=False, lanes=lanes)
