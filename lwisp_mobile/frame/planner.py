"""How a frame is developed: whole or in tiles, and which tiles, by a memory budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from lwisp_mobile.contract import ModelContract, SignatureContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.memory_model import (
    FrameSize,
    held_beside,
    held_together,
    least_bytes,
    peak_one_by_one,
    peak_together,
)
from lwisp_mobile.frame.tiles import TilePlan, lay_tiles, plan_tiles
from lwisp_mobile.memory import available_bytes

Mode = Literal["whole", "tiles"]
LOAD_MACS = 4_500_000_000
"""What it costs to load the model again and lay out its weights, which one worker does at a time: about 13 ms."""
SHARED_COST = 1.1
"""What threads that share an operator take, against as many workers: they wait for each other. Measured on two."""


@dataclass(frozen=True)
class FramePlan:
    """The runs that develop one frame."""

    mode: Mode
    stages: tuple[TilePlan, ...]
    """One tile of `develop` in mode `whole`; the contract's stages in mode `tiles`."""
    peak_bytes: int
    """Estimate of the process's peak."""
    keeps_open: bool
    """Whether the budget has room for all signatures at once, so that the next frame finds them ready."""
    workers: int = 1
    """Threads that each run tiles of their own."""

    @property
    def macs(self) -> float:
        """Multiply-adds of all runs, halos included."""
        return sum(stage.macs for stage in self.stages)


def plan_frame(
    contract: ModelContract,
    frame: FrameSize,
    max_bytes: int | None,
    threads: int = 1,
    *,
    find_free: Callable[[], int | None] = available_bytes,
) -> FramePlan:
    """The cheapest way that keeps the whole process within a budget.

    max_bytes: None takes what `find_free` finds; no limit where that is None. threads: what the engine may use, in one
    worker or more. Raises UsageError, naming what is needed, if there's no such way.
    """
    found_bytes = find_free() if max_bytes is None else max_bytes
    limit = inf if found_bytes is None else found_bytes
    found: list[FramePlan | None] = [_whole(contract, frame, limit)]
    for workers in _worker_counts(threads):
        found += [_kept_open(contract, frame, limit, workers), _one_by_one(contract, frame, limit, workers)]
    plans = [plan for plan in found if plan is not None and plan.peak_bytes <= limit]
    if not plans:
        raise UsageError(
            f"A frame of {2 * frame.width_px}x{2 * frame.height_px} px takes at least "
            f"{least_bytes(contract, frame) / 1e6:.0f} MB in {contract.precision}; {limit / 1e6:.0f} MB are "
            f"{'free' if max_bytes is None else 'allowed'}. Allow or free more, use int8, or cut the frame."
        )
    return min(plans, key=lambda plan: _cost(plan, threads))


def _worker_counts(threads: int) -> list[int]:
    return [workers for workers in range(1, threads + 1) if threads % workers == 0]


def _cost(plan: FramePlan, threads: int) -> float:
    macs = sum(stage.cost for stage in plan.stages)
    loads = 0 if plan.keeps_open else len(plan.stages) * plan.workers
    return macs * (1 if plan.workers == threads else SHARED_COST) + loads * LOAD_MACS


def _whole(contract: ModelContract, frame: FrameSize, limit: float) -> FramePlan:
    sides = frame.height_px, frame.width_px
    plans = (lay_tiles(contract.develop, *sides, sides),)
    together = peak_together(contract, frame, plans, 1)
    if together <= limit:
        return FramePlan("whole", plans, together, keeps_open=True)
    return FramePlan("whole", plans, peak_one_by_one(contract, frame, plans, 1), keeps_open=False)


def _one_by_one(contract: ModelContract, frame: FrameSize, limit: float, workers: int) -> FramePlan | None:
    """Each stage's cheapest tiles in the memory that is left beside it; None if a stage finds none."""
    held = held_beside(contract, frame, contract.stages, workers)
    plans = _plan_all(contract, frame, [limit - beside for beside in held], workers)
    if plans is None:
        return None
    peak = peak_one_by_one(contract, frame, plans, workers)
    return FramePlan("tiles", plans, peak, keeps_open=False, workers=workers)


def _kept_open(contract: ModelContract, frame: FrameSize, limit: float, workers: int) -> FramePlan | None:
    """Tiles of every stage whose buffers are all kept; None if there are none.

    The memory is shared out so that all stages together cost least. Over tiles of side s a stage costs about
    macs (1 + 4 halo / s) per px and takes bytes s²; by Lagrange's multiplier the sum of the costs is least, for a given
    sum of bytes, where every s is in proportion to (macs halo / bytes)^(1/3).
    """
    room = limit - held_together(contract, frame, contract.stages, workers)
    plans = _plan_all(contract, frame, [room * share for share in _shares(contract.stages)], workers)
    if plans is None:
        return None
    return _spend_rest(contract, frame, limit, FramePlan("tiles", plans, 0, keeps_open=True, workers=workers))


def _shares(stages: Sequence[SignatureContract]) -> list[float]:
    """What each stage's runs take of the memory for all of them; more than 1 in sum, since they share a part."""
    weights = [(s.macs_per_packed_px * s.halo_px) ** (2 / 3) * s.bytes_per_packed_px ** (1 / 3) for s in stages]
    shared = [w * s.shared_bytes_per_packed_px / s.bytes_per_packed_px for w, s in zip(weights, stages)]
    together = sum(weights) - sum(shared) + max(shared)
    return [weight / together for weight in weights]


def _spend_rest(contract: ModelContract, frame: FrameSize, limit: float, plan: FramePlan) -> FramePlan:
    """Give what stages left of their shares to others, the costliest first."""
    stages = [*plan.stages]
    for place in sorted(range(len(stages)), key=lambda place: -stages[place].cost):
        tiles = stages[place]
        room = tiles.run_bytes + limit - peak_together(contract, frame, stages, plan.workers)
        larger = plan_tiles(tiles.stage, frame.height_px, frame.width_px, room, workers=plan.workers)
        stages[place] = larger or tiles
    peak = peak_together(contract, frame, stages, plan.workers)
    return replace(plan, stages=tuple(stages), peak_bytes=peak)


def _plan_all(
    contract: ModelContract, frame: FrameSize, limits: Sequence[float], workers: int
) -> tuple[TilePlan, ...] | None:
    """Every stage's cheapest tiles, each within its own limit of bytes; None if a stage has none."""
    plans = [
        plan_tiles(stage, frame.height_px, frame.width_px, limit, workers=workers)
        for stage, limit in zip(contract.stages, limits)
    ]
    stages = tuple(plan for plan in plans if plan is not None)
    return stages if len(stages) == len(plans) else None
