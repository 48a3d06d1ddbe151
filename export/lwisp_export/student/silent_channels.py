"""Channels that never fire: found, set to zero for good, and cut out of the deployed student.

Training leaves some rectified channels silent whatever the input. Those that one convolution alone reads (the first of
two in a row, an upsampling block's before its shuffle, the bottleneck's before the global vector) can go without a
trace: fewer bytes and multiply-adds, the same picture.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.firing import FiringWatch
from lwisp_export.student.network import Student

SHUFFLED = 4
"""Channels that PixelShuffle(2) makes one of."""


class InnerLayer(NamedTuple):
    """A rectified convolution whose output one other convolution reads, and nothing else."""

    name: str
    """Of the convolution in the student."""
    conv: nn.Conv2d
    rectifier: nn.Module
    following_name: str
    following: nn.Conv2d
    group: int
    """Channels of the convolution that the following one reads as one."""


def inner_layers(student: Student) -> tuple[InnerLayer, ...]:
    """Every such layer of a student."""
    conv, rectifier = cast(nn.Sequential, student.c5)
    to_global = cast(nn.Conv2d, student.to_global)
    layers = [InnerLayer("c5.0", cast(nn.Conv2d, conv), rectifier, "to_global", to_global, 1)]
    for name, module in student.named_children():
        if isinstance(module, UpBlock):
            layers.append(_layer(name, "expand", "refine", module, SHUFFLED))
        elif isinstance(module, nn.Sequential) and isinstance(module[0], nn.Sequential):
            layers.append(_layer(name, "0", "1", module, 1))
    return tuple(layers)


def _layer(name: str, first: str, second: str, parent: nn.Module, group: int) -> InnerLayer:
    conv, rectifier = cast(nn.Sequential, parent.get_submodule(first))
    following = cast(nn.Sequential, parent.get_submodule(second))[0]
    return InnerLayer(
        f"{name}.{first}.0", cast(nn.Conv2d, conv), rectifier, f"{name}.{second}.0", cast(nn.Conv2d, following), group
    )


@torch.no_grad()
def find_silent(student: Student, inputs: Iterable[Tensor]) -> dict[str, Tensor]:
    """Which inner channels never fire on any of the inputs, (channels,) bool by the convolution's name.

    inputs: packed planes, each (N, planes, h, w).
    """
    watch = FiringWatch({layer.name: layer.rectifier for layer in inner_layers(student)})
    try:
        for packed in inputs:
            student(packed)
    finally:
        fired = watch.stop()
    return {name: ~channels for name, channels in fired.items()}


def silence(weights: dict[str, Tensor], silent: dict[str, Tensor]) -> None:
    """Set silent channels' filters and biases to zero, in place: then they can't ever fire. weights: by name."""
    for name, channels in silent.items():
        weights[f"{name}.weight"][channels] = 0.0
        weights[f"{name}.bias"][channels] = 0.0


class Living(NamedTuple):
    """What of a convolution isn't silent."""

    outputs: Tensor
    """(channels out,) bool."""
    inputs: Tensor
    """(channels in,) bool."""


@torch.no_grad()
def living_channels(student: Student) -> dict[str, Living]:
    """Which channels of each inner layer's two convolutions aren't zero for good, by the convolution's name."""
    living = {}
    for layer in inner_layers(student):
        fires = (layer.conv.weight.flatten(1) != 0).any(dim=1) | (cast(Tensor, layer.conv.bias) != 0)
        kept = fires.view(-1, layer.group).any(dim=1)
        kept[0] |= not bool(kept.any())
        outputs = kept.repeat_interleave(layer.group)
        living[layer.name] = Living(outputs, torch.ones(layer.conv.in_channels, dtype=torch.bool))
        living[layer.following_name] = Living(torch.ones(layer.following.out_channels, dtype=torch.bool), kept)
    return living


@torch.no_grad()
def cut_silent(student: Student) -> None:
    """Cut out inner channels whose filter and bias are zero, in place. The function stays what it is."""
    for name, (outputs, inputs) in living_channels(student).items():
        conv = cast(nn.Conv2d, student.get_submodule(name))
        conv.weight = nn.Parameter(conv.weight[outputs][:, inputs])
        conv.bias = nn.Parameter(cast(Tensor, conv.bias)[outputs])
        conv.out_channels, conv.in_channels = int(outputs.sum()), int(inputs.sum())
