"""Channels that never fire: found, set to zero for good, and cut out of the deployed student.

Training leaves some rectified channels silent whatever the input. Those that one convolution alone reads (the first of
two in a row, an upsampling block's before its shuffle, the bottleneck's before the global vector) can go without a
trace: fewer bytes and multiply-adds, the same picture.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.network import Student

SHUFFLED = 4
"""Channels that PixelShuffle(2) makes one of."""


class InnerLayer(NamedTuple):
    """A rectified convolution whose output one other convolution reads, and nothing else."""

    name: str
    """Of the convolution in the student."""
    conv: nn.Conv2d
    rectifier: nn.Module
    following: nn.Conv2d
    group: int
    """Channels of the convolution that the following one reads as one."""


def inner_layers(student: Student) -> tuple[InnerLayer, ...]:
    """Every such layer of a student."""
    layers = [InnerLayer("c5.0", student.c5[0], student.c5[1], student.to_global, 1)]  # type: ignore[index, arg-type]
    for name, module in student.named_children():
        if isinstance(module, UpBlock):
            expand, refine = module.expand, cast(nn.Sequential, module.refine)
            layers.append(_layer(f"{name}.expand.0", expand, refine, SHUFFLED))
        elif isinstance(module, nn.Sequential) and isinstance(module[0], nn.Sequential):
            layers.append(_layer(f"{name}.0.0", module[0], cast(nn.Sequential, module[1]), 1))
    return tuple(layers)


def _layer(name: str, first: nn.Sequential, second: nn.Sequential, group: int) -> InnerLayer:
    return InnerLayer(name, cast(nn.Conv2d, first[0]), first[1], cast(nn.Conv2d, second[0]), group)


@torch.no_grad()
def find_silent(student: Student, inputs: Iterable[Tensor]) -> dict[str, Tensor]:
    """Which inner channels never fire on any of the inputs, (channels,) bool by the convolution's name.

    inputs: packed planes, each (N, planes, h, w).
    """
    layers = inner_layers(student)
    silent = {layer.name: torch.ones(layer.conv.out_channels, dtype=torch.bool) for layer in layers}
    handles = [layer.rectifier.register_forward_hook(_listener(silent[layer.name])) for layer in layers]
    try:
        for packed in inputs:
            student(packed)
    finally:
        for handle in handles:
            handle.remove()
    return silent


def _listener(silent: Tensor) -> Callable[[nn.Module, object, Tensor], None]:
    def listen(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        silent.logical_and_(~(output > 0).any(dim=(0, 2, 3)).cpu())

    return listen


def silence(weights: dict[str, Tensor], silent: dict[str, Tensor]) -> None:
    """Set silent channels' filters and biases to zero, in place: then they can't ever fire. weights: by name."""
    for name, channels in silent.items():
        weights[f"{name}.weight"][channels] = 0.0
        weights[f"{name}.bias"][channels] = 0.0


@torch.no_grad()
def cut_silent(student: Student) -> None:
    """Cut out inner channels whose filter and bias are zero, in place. The function stays what it is."""
    for _, conv, _, following, group in inner_layers(student):
        bias = cast(Tensor, conv.bias)
        fires = (conv.weight.flatten(1) != 0).any(dim=1) | (bias != 0)
        kept = fires.view(-1, group).any(dim=1)
        kept[0] |= not bool(kept.any())
        rows = kept.repeat_interleave(group)
        conv.weight, conv.bias = nn.Parameter(conv.weight[rows]), nn.Parameter(bias[rows])
        following.weight = nn.Parameter(following.weight[:, kept])
        conv.out_channels, following.in_channels = int(rows.sum()), int(kept.sum())
