"""Validation during training: fixed photographs at fixed ISOs, and attention units that died."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lwisp_export.distill.losses import psnr_db
from lwisp_export.distill.photos import Picture
from lwisp_export.student.blocks import ChannelGate
from lwisp_export.student.network import Student
from lwisp_export.unprocess.camera import REFERENCE_CAMERA
from lwisp_export.unprocess.mosaic import Shot
from lwisp_export.unprocess.noise import typical_noise
from lwisp_export.unprocess.pairs import ShotRange, make_pair
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
    """Mean PSNR per ISO, and the share of attention units that never fired."""

    psnr_db: dict[int, float]
    dead_units: int


def validation_pairs(
    pictures: tuple[Picture, ...], shots: ShotRange, contract: InputContract
) -> tuple[ValidationPair, ...]:
    """Fixed pairs: each picture at each ISO, with the middle phone's noise and varied cameras."""
    return tuple(
        _pair(picture, iso, np.random.default_rng([index, iso]), shots, contract)
        for index, picture in enumerate(pictures)
        for iso in VALIDATION_ISOS
    )


def _pair(
    picture: Picture,
    iso: int,
    rng: np.random.Generator,
    shots: ShotRange,
    contract: InputContract,
) -> ValidationPair:
    multiple_px = 2 * contract.size_multiple
    height, width = (side - side % multiple_px for side in picture.shape[:2])
    color = shots.sensors[rng.integers(len(shots.sensors))].sample(rng) if shots.sensors else REFERENCE_CAMERA
    shot = Shot(color, typical_noise(iso), iso=iso)
    raw, truth = make_pair(picture[:height, :width], shot, rng)
    packed = prepare(raw, contract).planes
    return ValidationPair(
        iso,
        torch.from_numpy(packed.transpose(2, 0, 1).copy())[None],
        torch.from_numpy(truth.transpose(2, 0, 1).copy())[None],
    )


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
