"""How a frame is developed: whole or in tiles, and which tiles, by a memory budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np

from lwisp_mobile.contract import ModelContract, StageContract
from lwisp_mobile.errors import ContractError, UsageError
from lwisp_mobile.memory import PROCESS_BYTES, RUN_BYTES, RUN_BYTES_PER_PX, available_bytes
from lwisp_mobile.tiling import TilePlan, lay_tiles, plan_tiles, smallest_tile_px

Mode = Literal["whole", "tiles"]
MOSAIC_BYTES_PER_PX = 8
"""Four uint16 sites per packed px."""


@dataclass(frozen=True)
class FrameSize:
    """A frame to be planned for."""

    height_px: int
    """Packed rows, a multiple of the contract's."""
    width_px: int
    output_bytes: int
    """Bytes per value of the finished picture."""

    @property
    def px(self) -> int:
        """Packed pixels."""
        return self.height_px * self.width_px


@dataclass(frozen=True)
class FramePlan:
    """The runs that develop one frame."""

    mode: Mode
    stages: tuple[TilePlan, ...]
    """One tile of "develop" in mode `whole`; the contract's stages in mode `tiles`."""
    peak_bytes: int
    """Estimate of the process's peak."""
    keeps_open: bool
    """Whether the budget has room for all signatures at once, so that the next frame finds them ready."""

    @property
    def macs(self) -> float:
        """Multiply-adds of all runs, halos included."""
        return sum(stage.macs for stage in self.stages)


def plan_frame(contract: ModelContract, frame: FrameSize, max_bytes: int | None) -> FramePlan:
    """The cheapest way that keeps the whole process within a budget. max_bytes: None takes what is free.

    Raises UsageError, naming what is needed, if there's no such way; ContractError if the model has no stages.
    """
    if not contract.stages:
        raise ContractError(f"The contract of {contract.name!r} names no stages for tiles; export the model again.")
    free = available_bytes()
    limit = max_bytes if max_bytes is not None else inf if free is None else free
    whole, tiles = _whole(contract, frame), _in_tiles(contract, frame, limit)
    fitting = [plan for plan in (whole, tiles) if plan is not None and plan.peak_bytes <= limit]
    if not fitting:
        raise UsageError(
            f"A frame of {2 * frame.width_px}x{2 * frame.height_px} px takes at least "
            f"{_least_bytes(contract, frame) / 1e6:.0f} MB in {contract.precision}; {limit / 1e6:.0f} MB are "
            f"{'free' if max_bytes is None else 'allowed'}. Allow or free more, use int8, or cut the frame."
        )
    best = min(fitting, key=lambda plan: sum(stage.cost for stage in plan.stages))
    together = _together_bytes(contract, frame, best)
    return replace(best, peak_bytes=together, keeps_open=True) if together <= limit else best


def _together_bytes(contract: ModelContract, frame: FrameSize, plan: FramePlan) -> int:
    """The peak if every signature's buffers stay, the context's too."""
    kept = [stage.values_per_packed_px for stage in contract.stages[:-1]] if plan.mode == "tiles" else []
    side_px = contract.context.grid * contract.context.crop_px
    context = side_px**2 * RUN_BYTES_PER_PX[contract.precision]["context"]
    return round(_held_bytes(contract, frame, kept) + context + sum(stage.run_bytes for stage in plan.stages))


def _whole(contract: ModelContract, frame: FrameSize) -> FramePlan:
    multiple, sides = contract.input.size_multiple, (frame.height_px, frame.width_px)
    develop = StageContract("develop", contract.halo_px, multiple, contract.macs_per_packed_px, _rgb_values(contract))
    plan = lay_tiles(develop, *sides, _run_bytes_per_px(contract, develop), sides)
    return FramePlan("whole", (plan,), round(_held_bytes(contract, frame, ()) + plan.run_bytes), keeps_open=False)


def _in_tiles(contract: ModelContract, frame: FrameSize, limit: float) -> FramePlan | None:
    """Each stage's cheapest tiles in the memory that is left then; None if a stage finds none."""
    plans, peaks = [], []
    for stage, held in zip(contract.stages, _held_by_stage(contract, frame)):
        per_px = _run_bytes_per_px(contract, stage)
        plan = plan_tiles(stage, frame.height_px, frame.width_px, per_px, limit - held)
        if plan is None:
            return None
        plans.append(plan)
        peaks.append(held + plan.run_bytes)
    return FramePlan("tiles", tuple(plans), round(max(peaks)), keeps_open=False)


def _least_bytes(contract: ModelContract, frame: FrameSize) -> float:
    """The peak with each stage's smallest tiles."""
    return max(
        held + smallest_tile_px(stage, frame.height_px, frame.width_px) * _run_bytes_per_px(contract, stage)
        for stage, held in zip(contract.stages, _held_by_stage(contract, frame))
    )


def _held_by_stage(contract: ModelContract, frame: FrameSize) -> list[float]:
    """What the process holds beside the stage's run, for each stage in order."""
    kept = [stage.values_per_packed_px for stage in contract.stages[:-1]]
    before = [_held_bytes(contract, frame, kept[:count], picture=False) for count in range(1, len(kept) + 1)]
    return [*before, _held_bytes(contract, frame, kept)]


def _held_bytes(contract: ModelContract, frame: FrameSize, kept: Sequence[float], *, picture: bool = True) -> float:
    """Process, mosaic, packed planes, the stages' results (in values per px), and the picture once it's begun."""
    values = len(contract.input.planes) + sum(kept)
    per_px = MOSAIC_BYTES_PER_PX + values * np.dtype(contract.input_tensor.dtype).itemsize
    per_px += _rgb_values(contract) * frame.output_bytes * picture
    return PROCESS_BYTES + RUN_BYTES[contract.precision] + frame.px * per_px


def _rgb_values(contract: ModelContract) -> int:
    return 3 * contract.output_scale**2


def _run_bytes_per_px(contract: ModelContract, stage: StageContract) -> float:
    return RUN_BYTES_PER_PX[contract.precision][stage.signature]
