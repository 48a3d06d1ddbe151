"""What a process that develops a frame takes of memory: by the contract's figures, and those of the process itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lwisp_mobile.contract import ModelContract, SignatureContract
from lwisp_mobile.frame.tiles import TilePlan, smallest_tile_px

MOSAIC_BYTES_PER_PX = 8
"""Four uint16 sites per packed px."""
PROCESS_BYTES = 90_000_000
"""`lwisp develop` before the frame: Python, NumPy, LiteRT, LibRaw, Pillow; and what the C library holds between two
uses, up to 10 MB."""


@dataclass(frozen=True)
class FrameSize:
    """A frame to be planned for."""

    height_px: int
    """Packed rows, a multiple of the contract's."""
    width_px: int
    output_bytes: int
    """Bytes per value of the finished picture."""
    finishing_bytes: int = 0
    """What is taken beside the developed picture once the last stage has ended, at most: to finish or to write it."""

    @property
    def px(self) -> int:
        """Packed pixels."""
        return self.height_px * self.width_px


def live_tensors(stages: Sequence[SignatureContract], place: int) -> set[str]:
    """Names of the tensors that exist while a stage runs: what it or a later one reads of all made so far, its own."""
    read = {name for stage in stages[place:] for name in stage.inputs}
    made_later = {name for stage in stages[place:] for name in stage.outputs}
    return (read - made_later) | {*stages[place].outputs}


def held_beside(
    contract: ModelContract, frame: FrameSize, stages: Sequence[SignatureContract], workers: int
) -> list[float]:
    """What the process holds beside the runs of each stage: itself, interpreters, mosaic, tensors of the frame."""
    fixed = _fixed_bytes(contract, frame, workers)
    return [
        fixed + sum(_tensor_bytes(contract, frame, name) for name in live_tensors(stages, place))
        for place in range(len(stages))
    ]


def held_after(contract: ModelContract, frame: FrameSize, workers: int) -> float:
    """What the process holds beside runs' buffers while the developed picture is finished or written."""
    picture = _tensor_bytes(contract, frame, contract.output_tensor.name)
    return _fixed_bytes(contract, frame, workers) + picture + frame.finishing_bytes


def held_together(
    contract: ModelContract, frame: FrameSize, stages: Sequence[SignatureContract], workers: int
) -> float:
    """What the process holds at most beside the runs of stages whose buffers are all kept, as the sample's are."""
    side_px = contract.context.grid * contract.context.crop_px
    held = max(*held_beside(contract, frame, stages, workers), held_after(contract, frame, workers))
    return held + side_px**2 * contract.sample.bytes_per_packed_px


def peak_together(contract: ModelContract, frame: FrameSize, plans: Sequence[TilePlan], workers: int) -> int:
    """The process's peak if the buffers of all stages' runs are kept."""
    held = held_together(contract, frame, [plan.stage for plan in plans], workers)
    kept = sum(plan.run_bytes - plan.shared_bytes for plan in plans)
    return round(held + kept + max(plan.shared_bytes for plan in plans))


def peak_one_by_one(contract: ModelContract, frame: FrameSize, plans: Sequence[TilePlan], workers: int) -> int:
    """The process's peak if each stage's buffers are freed before the next one's are made."""
    held = held_beside(contract, frame, [plan.stage for plan in plans], workers)
    running = max(beside + plan.run_bytes for beside, plan in zip(held, plans))
    return round(max(running, held_after(contract, frame, workers)))


def least_bytes(contract: ModelContract, frame: FrameSize) -> float:
    """The least peak of any plan: each stage's smallest tiles, one by one, by one worker."""
    running = max(
        held + smallest_tile_px(stage, frame.height_px, frame.width_px) * stage.bytes_per_packed_px
        for stage, held in zip(contract.stages, held_beside(contract, frame, contract.stages, 1))
    )
    return max(running, held_after(contract, frame, 1))


def _fixed_bytes(contract: ModelContract, frame: FrameSize, workers: int) -> int:
    """The process itself, its interpreters, the mosaic."""
    return PROCESS_BYTES + workers * contract.interpreter_bytes + frame.px * MOSAIC_BYTES_PER_PX


def _tensor_bytes(contract: ModelContract, frame: FrameSize, name: str) -> float:
    """Of the whole frame; the picture's as it will be written."""
    spec = contract.tensor(name)
    picture = name == contract.output_tensor.name
    return frame.px * spec.values_per_packed_px * (frame.output_bytes if picture else np.dtype(spec.dtype).itemsize)
