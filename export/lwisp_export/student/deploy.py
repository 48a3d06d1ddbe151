"""The deployed form of a student: the same function, faster on CPUs."""

import copy
from typing import cast

import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import cut_silent
from lwisp_mobile.errors import UsageError

BLOCK_PX = 2


class BlockOutput(nn.Module):
    """A 3x3 convolution to 3 channels and a sigmoid, computed for 2x2 pixels at once.

    CPU kernels compute output channels in blocks of 8 or 16, so 3 channels waste most of the work. A 4x4
    convolution of stride 2 to 12 channels, then depth-to-space, returns the same values in under half the
    time on AVX-512: per four pixels, 16 executed channels over 16 taps instead of four times 16 over 9.
    """

    def __init__(self, original: nn.Conv2d) -> None:
        """original: 3x3, padding 1, stride 1."""
        super().__init__()
        colors = original.out_channels
        self.block = nn.Conv2d(original.in_channels, colors * BLOCK_PX**2, 4, stride=BLOCK_PX, padding=1)
        self.shuffle = nn.PixelShuffle(BLOCK_PX)
        with torch.no_grad():
            self.block.weight.zero_()
            for row in range(BLOCK_PX):
                for column in range(BLOCK_PX):
                    # PixelShuffle takes channel color * 4 + row * 2 + column to this pixel of the block.
                    channels = slice(row * BLOCK_PX + column, None, BLOCK_PX**2)
                    self.block.weight[channels, :, row : row + 3, column : column + 3] = original.weight
            bias = original.bias.repeat_interleave(BLOCK_PX**2)  # type: ignore[union-attr]
            self.block.bias.copy_(bias)  # type: ignore[union-attr]

    def forward(self, x: Tensor, image: Tensor | None = None) -> Tensor:
        """x: (N, C, H, W), sides even. image: (N, 12, H/2, W/2), added in blocks; None: nothing.

        Returns (N, 3, H, W) before the sigmoid or clip.
        """
        blocks = self.block(x)
        rgb: Tensor = self.shuffle(blocks if image is None else blocks + image)
        return rgb


def deploy_form(student: Student) -> Student:
    """A copy of a student without silent channels, whose output convolution is a BlockOutput: the same function.

    For export only. With an image skip, all planes are joined: taking some is a slice, which fixes the picture's size.
    """
    deployed = copy.deepcopy(student).cpu().eval()
    if not isinstance(student.to_rgb, nn.Conv2d):
        raise UsageError("The student is already in its deployed form; export the trained one.")
    deployed.to_rgb = BlockOutput(student.to_rgb)
    cut_silent(deployed)
    if student.config.image_skip:
        deployed.joined_planes = student.config.input_planes
        _widen(cast(UpBlock, deployed.u4), deployed.joined_planes - student.joined_planes)
    return deployed


def _widen(block: UpBlock, channels: int) -> None:
    """Let a block's first convolution take more channels behind its own, with weights of zero."""
    conv = cast(nn.Conv2d, block.expand[0])
    weight = conv.weight.detach()
    conv.weight = nn.Parameter(torch.cat([weight, weight.new_zeros(weight.shape[0], channels, 3, 3)], dim=1))
    conv.in_channels += channels
