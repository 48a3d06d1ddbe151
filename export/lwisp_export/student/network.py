"""The student network: a U-Net with FGAM on the way down and CCUB on the way up."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import Fgam, SkipOutput, UpBlock, conv3x3, double_conv, image_skip, skip_gate
from lwisp_export.student.config import StudentConfig
from lwisp_mobile.contract import MOSAIC_PLANES


class Context(NamedTuple):
    """Image-wide quantities, which all tiles of one frame must share.

    A tuple, not a dataclass, because torch.export takes and returns tuples of tensors.
    """

    gate1: Tensor
    """(N, w, 1, 1): channel gate of the first FGAM, w the student's width."""
    gate2: Tensor
    """(N, 2w, 1, 1)."""
    gate3: Tensor
    """(N, 4w, 1, 1)."""
    gate4: Tensor
    """(N, 8w, 1, 1)."""
    global_vector: Tensor
    """(N, 8w, 1, 1): g."""


class Features(NamedTuple):
    """Decoder features, for distillation."""

    c6: Tensor
    c7: Tensor
    c8: Tensor
    c9: Tensor


class _Encoded(NamedTuple):
    """The encoder's features, from full input size down, and the context that was used."""

    c0: Tensor
    c1: Tensor
    c2: Tensor
    c3: Tensor
    c4: Tensor
    used: Context


class Student(nn.Module):
    """LW-ISP. The names c0 to c9, u1 to u4, p1 to p4 follow the network's description."""

    def __init__(self, config: StudentConfig) -> None:
        """Build with random weights."""
        super().__init__()
        self.config = config
        w, act = config.width, config.activation
        self.c0 = conv3x3(config.input_planes, w, act)
        self.c1 = double_conv(w, w, act)
        self.c2 = double_conv(2 * w, 2 * w, act)
        self.c3 = double_conv(4 * w, 4 * w, act)
        self.c4 = double_conv(8 * w, 8 * w, act)
        self.c5: nn.Module = conv3x3(16 * w, 16 * w, act)
        self.p1, self.p2, self.p3, self.p4 = Fgam(w), Fgam(2 * w), Fgam(4 * w), Fgam(8 * w)
        self.pool: nn.Module = nn.MaxPool2d(2)
        # A 1x1 convolution equals a Linear layer but exports without a reshape.
        self.to_global: nn.Module = nn.Conv2d(16 * w, 8 * w, 1)
        self.c6 = double_conv(16 * w, 8 * w, act)
        self.u1, self.u2, self.u3 = UpBlock(8 * w, 4 * w, act), UpBlock(4 * w, 2 * w, act), UpBlock(2 * w, w, act)
        self.c7, self.c8, self.c9 = conv3x3(8 * w, 4 * w, act), conv3x3(4 * w, 2 * w, act), conv3x3(2 * w, w, act)
        self.joined_planes = len(MOSAIC_PLANES) if config.image_skip else 0
        self.u4 = UpBlock(w + self.joined_planes, w, act) if config.output_scale == 2 else nn.Identity()
        self.to_rgb: nn.Module = SkipOutput(w) if config.image_skip else nn.Conv2d(w, 3, 3, padding=1)
        if config.image_skip:
            self.skip, self.gate = image_skip(config.input_planes), skip_gate(w + config.input_planes)

    def forward(self, packed: Tensor, context: Context | None = None) -> Tensor:
        """Develop packed planes.

        packed: (N, planes, h, w) float in [0, 1], h and w multiples of 16. context: gates and global
        vector of another frame, such as a reduced one; None: of this input.
        Returns sRGB, (N, 3, 2h, 2w) in [0, 1]; (N, 3, h, w) for denoise and enhance.
        """
        rgb = self.develop(packed, context)[0]
        return rgb.clamp(0, 1) if self.config.image_skip else rgb

    def context(self, packed: Tensor) -> Context:
        """Gates and global vector of a frame: shapes as in `Context`."""
        return self._encode(packed, None).used

    def develop(self, packed: Tensor, context: Context | None = None) -> tuple[Tensor, Features]:
        """As `forward`, and return the decoder's features, too.

        With an image skip, RGB isn't clipped: so the loss of what leaves [0, 1] has a gradient.
        """
        c0, c1, c2, c3, c4, used = self._encode(packed, context)
        c6 = self.c6(torch.cat([c4, used.global_vector + (c4 - c4)], dim=1))
        c7 = self.c7(torch.cat([self.complement(self.u1, c4, c6), c3], dim=1))
        c8 = self.c8(torch.cat([self.complement(self.u2, c3, c7), c2], dim=1))
        c9 = self.c9(torch.cat([self.complement(self.u3, c2, c8), c1], dim=1))
        return self._render(packed, c0 * c9, c9), Features(c6, c7, c8, c9)

    def _render(self, packed: Tensor, top: Tensor, c9: Tensor) -> Tensor:
        """The last upsampling and the picture. top: c0 times c9."""
        if not self.config.image_skip:
            return torch.sigmoid(self.to_rgb(self.u4(top)))
        joined = packed[:, : self.joined_planes] if self.joined_planes < self.config.input_planes else packed
        image = self.skip(packed) * torch.sigmoid(self.gate(torch.cat([c9, packed], dim=1)))
        rgb: Tensor = self.to_rgb(self.u4(torch.cat([top, joined], dim=1)), image)
        return rgb

    def complement(self, block: nn.Module, encoded: Tensor, decoded: Tensor) -> Tensor:
        """CCUB: the encoder's and the decoder's feature of a level through the same block, summed."""
        upsampled: Tensor = block(encoded) + block(decoded)
        return upsampled

    def _encode(self, packed: Tensor, context: Context | None) -> _Encoded:
        c0 = self.c0(packed)
        c1 = self.c1(c0)
        skips, gates, x = [c1], [], c1
        for level, (attention, convs) in enumerate(zip(self._fgams(), (self.c2, self.c3, self.c4, self.c5))):
            pooled = self.pool(x)
            gates.append(attention.channel(pooled) if context is None else context[level])
            x = convs(attention(pooled, gates[-1]))
            skips.append(x)
        vector = context.global_vector if context else torch.relu(self.to_global(x.mean(dim=(2, 3), keepdim=True)))
        used = Context(gates[0], gates[1], gates[2], gates[3], vector)
        return _Encoded(c0, skips[0], skips[1], skips[2], skips[3], used)

    def _fgams(self) -> tuple[Fgam, Fgam, Fgam, Fgam]:
        return self.p1, self.p2, self.p3, self.p4
