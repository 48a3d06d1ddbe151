"""Validation during training: fixed pictures, scores by kind of input, and units that died."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lwisp_export.distill.losses import psnr_db
from lwisp_export.distill.photos import Picture
from lwisp_export.student.blocks import ChannelGate
from lwisp_export.unprocess.frames import validation_frames
from lwisp_export.unprocess.pairs import ShotRange
from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.prepare import prepare

VALIDATION_ISOS = (100, 800, 3200)


@dataclass(frozen=True)
class ValidationPair:
    """One fixed input and its truth."""

    kind: str
    """Pairs of one kind are scored together: iso100, say."""
    input: Tensor
    """(1, planes, h, w)."""
    truth: Tensor
    """(1, 3, H, W)."""


@dataclass(frozen=True)
class ValidationResult:
    """Mean PSNR per kind of input, and how many units never fired on any of them."""

    psnr_db: dict[str, float]
    dead_attention_units: int
    """Hidden units of the channel attentions."""
    dead_channels: int
    """Channels of rectified convolutions."""


def validation_pairs(
    pictures: tuple[Picture, ...], shots: ShotRange, contract: InputContract
) -> tuple[ValidationPair, ...]:
    """The fixed frames at VALIDATION_ISOS, prepared."""
    frames = validation_frames(pictures, shots.sensors, VALIDATION_ISOS)
    return tuple(
        ValidationPair(f"iso{frame.iso}", one_picture(prepare(frame.raw, contract).planes), one_picture(frame.truth))
        for frame in frames
    )


def one_picture(picture: NDArray[np.float32]) -> Tensor:
    """(H, W, C) to a batch of one, (1, C, H, W)."""
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]


def input_psnr_db(pairs: Sequence[ValidationPair]) -> dict[str, float]:
    """What doing nothing scores, per kind; for inputs that are pictures of the truth's size."""
    return _means([(pair.kind, psnr_db(pair.input, pair.truth)) for pair in pairs])


@torch.no_grad()
def validate(
    network: nn.Module, pairs: Sequence[ValidationPair], show: Callable[[int, Tensor], None] = lambda _i, _o: None
) -> ValidationResult:
    """Run the fixed pairs; PSNR is the mean over pictures, per kind. `show` is given each output."""
    attention = _Alive(gate.squeeze for gate in network.modules() if isinstance(gate, ChannelGate))
    channels = _Alive(relu for relu in network.modules() if isinstance(relu, nn.ReLU))
    device = next(network.parameters()).device
    scores: list[tuple[str, float]] = []
    for index, pair in enumerate(pairs):
        output = network(pair.input.to(device)).cpu()
        scores.append((pair.kind, psnr_db(output, pair.truth)))
        show(index, output)
    return ValidationResult(_means(scores), attention.count_dead(), channels.count_dead())


def _means(scores: Sequence[tuple[str, float]]) -> dict[str, float]:
    kinds = dict.fromkeys(kind for kind, _ in scores)
    return {kind: float(np.mean([value for other, value in scores if other == kind])) for kind in kinds}


class _Alive:
    """Watches modules' outputs: which channels were ever above zero."""

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._seen: dict[nn.Module, Tensor] = {}
        self._hooks = [module.register_forward_hook(self._mark) for module in modules]

    def _mark(self, module: nn.Module, _inputs: object, output: Tensor) -> None:
        fired = (output > 0).any(dim=(0, 2, 3)).cpu()
        self._seen[module] = fired | self._seen.get(module, fired)

    def count_dead(self) -> int:
        """Channels that never fired; stops watching."""
        for hook in self._hooks:
            hook.remove()
        return sum(int((~seen).sum()) for seen in self._seen.values())
