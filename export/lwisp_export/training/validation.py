"""Validation during training: fixed pictures, scores by kind of input, and dead units."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lwisp_export.student.blocks import ChannelGate
from lwisp_export.student.firing import FiringWatch
from lwisp_export.synthesis.validation_frames import ValidationFrame
from lwisp_export.training.losses import psnr_db
from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.prepare import prepare


@dataclass(frozen=True)
class ValidationPair:
    """One fixed input and its truth."""

    kind: str
    """Pairs of one kind are scored together, such as iso100."""
    input: Tensor
    """(1, planes, h, w)."""
    truth: Tensor
    """(1, 3, H, W)."""


@dataclass(frozen=True)
class DeadUnit:
    """A rectified unit that never fired."""

    module: str
    """Its module's name in the network, such as p1.channel."""
    unit: int


@dataclass(frozen=True)
class ValidationResult:
    """Mean PSNR per kind of input, and the units that never fired on any of them."""

    psnr_db: dict[str, float]
    dead_attention_units: tuple[DeadUnit, ...]
    """Hidden units of the channel attentions."""
    dead_channels: int
    """Channels of rectified convolutions."""


def validation_pairs(frames: Sequence[ValidationFrame], contract: InputContract) -> tuple[ValidationPair, ...]:
    """Fixed frames, prepared."""
    return tuple(
        ValidationPair(f"iso{frame.iso}", one_picture(prepare(frame.raw, contract).planes), one_picture(frame.truth))
        for frame in frames
    )


def one_picture(picture: NDArray[np.float32]) -> Tensor:
    """(H, W, C) to a batch of one, (1, C, H, W)."""
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]


def input_psnr_db(pairs: Sequence[ValidationPair]) -> dict[str, float]:
    """The PSNR of the inputs themselves, per kind; for inputs that are pictures of the truth's size."""
    return _means([(pair.kind, psnr_db(pair.input, pair.truth)) for pair in pairs])


@torch.no_grad()
def validate(
    network: nn.Module, pairs: Sequence[ValidationPair], show: Callable[[int, Tensor], None] = lambda _i, _o: None
) -> ValidationResult:
    """Run the fixed pairs; PSNR is the mean over pictures, per kind. show: called with each index and output."""
    modules = dict(network.named_modules())
    attention = FiringWatch({name: gate.squeeze for name, gate in modules.items() if isinstance(gate, ChannelGate)})
    channels = FiringWatch({name: relu for name, relu in modules.items() if isinstance(relu, nn.ReLU)})
    device = next(network.parameters()).device
    scores: list[tuple[str, float]] = []
    for index, pair in enumerate(pairs):
        output = network(pair.input.to(device)).cpu()
        scores.append((pair.kind, psnr_db(output, pair.truth)))
        show(index, output)
    return ValidationResult(_means(scores), _dead(attention), len(_dead(channels)))


def revive(weights: Mapping[str, Tensor], units: Iterable[DeadUnit]) -> None:
    """Revive dead attention units in place, without changing the network's output.

    A dead unit is set to the mean of the channels' means, which is positive, with weight zero in the gates, so that
    gradients flow through it again. weights: by parameter name.
    """
    for dead in units:
        squeeze = weights[f"{dead.module}.squeeze.weight"][dead.unit]
        squeeze.fill_(1 / squeeze.numel())
        weights[f"{dead.module}.squeeze.bias"][dead.unit] = 0.0
        weights[f"{dead.module}.excite.weight"][:, dead.unit] = 0.0


def _means(scores: Sequence[tuple[str, float]]) -> dict[str, float]:
    kinds = dict.fromkeys(kind for kind, _ in scores)
    return {kind: float(np.mean([value for other, value in scores if other == kind])) for kind in kinds}


def _dead(watch: FiringWatch) -> tuple[DeadUnit, ...]:
    return tuple(DeadUnit(name, int(unit)) for name, fired in watch.stop().items() for unit in torch.nonzero(~fired))
