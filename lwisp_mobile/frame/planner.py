"""How a frame is developed: whole or in tiles, and which tiles, by a memory budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Literal

from lwisp_mobile.contract import ModelContract, SignatureContract
from lwisp_mobile.errors import ContractError, UsageError
from lwisp_mobile.frame.memory_model import (
    FrameSize,
    bytes_together,
    held_beside,
    held_whole,
    least_bytes,
    run_bytes_per_px,
    ways_of,
)
from lwisp_mobile.frame.tiles import SETUP_MACS_PER_BYTE, TilePlan, lay_tiles, plan_tiles
from lwisp_mobile.memory import SHARED_BYTES, available_bytes

Mode = Literal["whole", "tiles"]
LOAD_MACS = 4_500_000_000
"""What it costs to load the model again and lay out its weights, which one lane does at a time: about 13 ms."""
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
    found = [_whole(contract, frame, limit)] + [
        plan(way, frame, limit, lanes)
        for way in ways_of(contract)
        for lanes in _lane_counts(threads)
        for plan in (_kept_open, _one_by_one)
    ]
    plans = [plan for plan in found if plan is not None and plan.peak_bytes <= limit]
    if not plans:
        raise UsageError(
            f"A frame of {2 * frame.width_px}x{2 * frame.height_px} px takes at least "
            f"{least_bytes(contract, frame) / 1e6:.0f} MB in {contract.precision}; {limit / 1e6:.0f} MB are "
            f"{'free' if max_bytes is None else 'allowed'}. Allow or free more, use int8, or cut the frame."
        )
    return min(plans, key=lambda plan: _cost(plan, threads))


def _lane_counts(threads: int) -> list[int]:
    return [lanes for lanes in range(1, threads + 1) if threads % lanes == 0]


def _cost(plan: FramePlan, threads: int) -> float:
    macs = sum(stage.cost for stage in plan.stages)
    loads = 0 if plan.keeps_open else len(plan.stages) * plan.lanes
    return macs * (1 if plan.lanes == threads else SHARED_COST) + loads * LOAD_MACS


def _whole(contract: ModelContract, frame: FrameSize, limit: float) -> FramePlan:
    multiple, sides = contract.input.size_multiple, (frame.height_px, frame.width_px)
    develop = SignatureContract(
        "develop", contract.halo_px, multiple, contract.macs_per_packed_px, 3 * contract.output_scale**2
    )
    plan = lay_tiles(develop, *sides, run_bytes_per_px(contract, develop), sides)
    together = bytes_together(contract, frame, (plan,), lanes=1)
    if together <= limit:
        return FramePlan("whole", (plan,), together, keeps_open=True)
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
    best = best or _at_price(contract, frame, limit, lanes, high)
    return best and _spend_rest(contract, frame, limit, best)


def _at_price(contract: ModelContract, frame: FrameSize, limit: float, lanes: int, price: float) -> FramePlan | None:
    """Every stage's cheapest tiles at a price of memory; None if they don't fit together."""
    stages = _plan_all(contract, frame, [limit] * len(contract.stages), lanes, price)
    if stages is None:
        return None
    peak = bytes_together(contract, frame, stages, lanes)
    return FramePlan("tiles", stages, peak, keeps_open=True, lanes=lanes) if peak <= limit else None


def _spend_rest(contract: ModelContract, frame: FrameSize, limit: float, plan: FramePlan) -> FramePlan:
    """Give what the budget has left to the stage that gains most by it, as long as one does."""
    stages = plan.stages
    rest = (limit - plan.peak_bytes) / SHARED_BYTES
    larger = [
        _plan(contract, frame, stage, tiles.run_bytes + rest, lanes=plan.lanes) or tiles
        for stage, tiles in zip(contract.stages, stages)
    ]
    gains = [old.cost - new.cost for old, new in zip(stages, larger)]
    place = gains.index(max(gains))
    if gains[place] <= 0:
        return plan
    stages = (*stages[:place], larger[place], *stages[place + 1 :])
    peak = bytes_together(contract, frame, stages, plan.lanes)
    return _spend_rest(contract, frame, limit, replace(plan, stages=stages, peak_bytes=peak))


def _one_by_one(contract: ModelContract, frame: FrameSize, limit: float, lanes: int) -> FramePlan | None:
    """Each stage's cheapest tiles in the memory that is left; None if a stage finds none."""
    held = held_beside(contract, frame, lanes)
    stages = _plan_all(contract, frame, [limit - beside for beside in held], lanes, 1)
    if stages is None:
        return None
    peak = round(max(beside + plan.run_bytes for beside, plan in zip(held, stages)))
    return FramePlan("tiles", stages, peak, keeps_open=False, lanes=lanes)


def _plan_all(
    contract: ModelContract, frame: FrameSize, limits: Sequence[float], lanes: int, price: float
) -> tuple[TilePlan, ...] | None:
    """Every stage's cheapest tiles, each within its own limit; None if a stage has none."""
    plans = [
        _plan(contract, frame, stage, limit, lanes=lanes, price=price) for stage, limit in zip(contract.stages, limits)
    ]
    stages = tuple(plan for plan in plans if plan is not None)
    return stages if len(stages) == len(plans) else None


def _plan(
    contract: ModelContract, frame: FrameSize, stage: SignatureContract, limit: float, *, lanes: int, price: float = 1
) -> TilePlan | None:
    return plan_tiles(
        stage,
        frame.height_px,
        frame.width_px,
        run_bytes_per_px(contract, stage),
        limit,
        lanes=lanes,
        macs_per_byte=SETUP_MACS_PER_BYTE * price,
    )
