"""What a process that develops a frame holds, by the figures in `memory`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lwisp_mobile.contract import ModelContract, SignatureContract
from lwisp_mobile.errors import ContractError
from lwisp_mobile.frame.tiles import TilePlan, smallest_tile_px
from lwisp_mobile.memory import PROCESS_BYTES, RUN_BYTES, RUN_BYTES_PER_PX, SHARED_BYTES

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


def run_bytes_per_px(contract: ModelContract, stage: SignatureContract) -> float:
    """What a run takes per packed px of its tile. Raises ContractError on a stage that was never measured."""
    known = RUN_BYTES_PER_PX[contract.precision]
    if stage.signature not in known:
        raise ContractError(
            f"The contract names a stage {stage.signature!r}; this release knows {', '.join(known)}. "
            "Export the model again."
        )
    return known[stage.signature]


def held_whole(contract: ModelContract, frame: FrameSize) -> float:
    """What the process holds beside one run over the whole frame."""
    return _held_bytes(contract, frame, (), 1, picture=True)


def held_beside(contract: ModelContract, frame: FrameSize, lanes: int) -> list[float]:
    """What the process holds beside the runs of each stage."""
    stages = contract.stages
    return [
        _held_bytes(contract, frame, results_held(stages, place), lanes, picture=place == len(stages) - 1)
        for place in range(len(stages))
    ]


def results_held(stages: Sequence[SignatureContract], place: int) -> list[SignatureContract]:
    """The stages whose results are there while one runs: its own, and those that it or a later one reads."""
    needed = {name for later in stages[place:] for name in later.reads}
    return [stage for at, stage in enumerate(stages[:-1]) if at == place or (at < place and stage.signature in needed)]


def bytes_together(contract: ModelContract, frame: FrameSize, stages: Sequence[TilePlan], lanes: int) -> int:
    """The peak if the runs of these stages and the context's are all held."""
    side_px = contract.context.grid * contract.context.crop_px
    context = side_px**2 * RUN_BYTES_PER_PX[contract.precision]["context"]
    in_tiles = len(stages) == len(contract.stages)
    held = max(held_beside(contract, frame, lanes)) if in_tiles else held_whole(contract, frame)
    return round(held + context + SHARED_BYTES * sum(stage.run_bytes for stage in stages))


def least_bytes(contract: ModelContract, frame: FrameSize) -> float:
    """The peak with each stage's smallest tiles, in the way that takes less."""
    return min(
        max(
            held + smallest_tile_px(stage, frame.height_px, frame.width_px) * run_bytes_per_px(way, stage)
            for stage, held in zip(way.stages, held_beside(way, frame, 1))
        )
        for way in ways_of(contract)
    )


def ways_of(contract: ModelContract) -> list[ModelContract]:
    """A contract with each of its lists of stages as the stages."""
    lean = contract.lean_stages
    return [contract, replace(contract, stages=lean)] if lean else [contract]


def _held_bytes(
    contract: ModelContract, frame: FrameSize, results: Sequence[SignatureContract], lanes: int, *, picture: bool
) -> float:
    """Process, mosaic, packed planes, results of stages, and the picture once it's begun."""
    values = len(contract.input.planes) + sum(stage.values_per_packed_px for stage in results)
    per_px = MOSAIC_BYTES_PER_PX + values * np.dtype(contract.input_tensor.dtype).itemsize
    per_px += 3 * contract.output_scale**2 * frame.output_bytes * picture
    return PROCESS_BYTES + lanes * RUN_BYTES[contract.precision] + frame.px * per_px
