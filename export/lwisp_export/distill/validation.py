"""Validation during training: fixed photographs at fixed ISOs, and attention units that died."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lwisp_export.distill.losses import psnr_db
from lwisp_export.distill.photos import Picture
from lwisp_export.student.blocks import ChannelGate
from lwisp_export.student.network import Student
from lwisp_export.unprocess.frames import validation_frames
from lwisp_export.unprocess.pairs import ShotRange
from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.prepare import prepare

VALIDATION_ISOS = (100, 800, 3200)


@dataclass(frozen=True)
class ValidationPair:
    """One fixed input and its truth."""

    iso: int
    packed: Tensor
    """(1, 4, h, w)."""
    truth: Tensor
    """(1, 3, 2h, 2w)."""


@dataclass(frozen=True)
class ValidationResult:
    """Mean PSNR per ISO, and how many attention units never fired."""

    psnr_db: dict[int, float]
    dead_units: int


def validation_pairs(
    pictures: tuple[Picture, ...], shots: ShotRange, contract: InputContract
) -> tuple[ValidationPair, ...]:
    """The fixed frames at VALIDATION_ISOS, prepared."""
    frames = validation_frames(pictures, shots.sensors, VALIDATION_ISOS)
    return tuple(
        ValidationPair(frame.iso, _tensor(prepare(frame.raw, contract).planes), _tensor(frame.truth))
        for frame in frames
    )


def _tensor(picture: NDArray[np.float32]) -> Tensor:
    """(H, W, C) to (1, C, H, W)."""
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]


def _mark_alive(seen: Tensor) -> Callable[[nn.Module, object, Tensor], None]:
    """A forward hook that sets seen[unit] once the unit fires."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        seen.logical_or_((output > 0).any(0).flatten().cpu())

    return hook


@torch.no_grad()
def validate(student: Student, pairs: tuple[ValidationPair, ...]) -> ValidationResult:
    """Develop the fixed pairs; PSNR is the mean over pictures, per ISO."""
    gates = [module for module in student.modules() if isinstance(module, ChannelGate)]
    alive = [torch.zeros(gate.squeeze.out_channels, dtype=torch.bool) for gate in gates]
    hooks = [gate.squeeze.register_forward_hook(_mark_alive(seen)) for gate, seen in zip(gates, alive)]
    device = next(student.parameters()).device
    scores: dict[int, list[float]] = {}
    for pair in pairs:
        output = student(pair.packed.to(device)).cpu()
        scores.setdefault(pair.iso, []).append(psnr_db(output, pair.truth))
    for hook in hooks:
        hook.remove()
    means = {iso: float(np.mean(values)) for iso, values in scores.items()}
    return ValidationResult(means, sum(int((~seen).sum()) for seen in alive))
