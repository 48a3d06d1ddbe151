"""The student's blocks: convolutions, fine-grained attention (FGAM), complement upsampling (CCUB)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from lwisp_export.student.config import Activation

_SLOPE = {"relu": 0.0, "leaky_relu": 0.2}
_NEAR_ZERO = 0.1
"""Factor on the first weights of what is added to an image that is right already."""


def activation_layer(activation: Activation) -> nn.Module:
    """ReLU, or LeakyReLU with the paper's slope of 0.2."""
    return nn.ReLU() if activation == "relu" else nn.LeakyReLU(_SLOPE[activation])


def conv3x3(inputs: int, outputs: int, activation: Activation) -> nn.Sequential:
    """A 3x3 convolution with bias, zero padding and activation; (N, inputs, h, w) to (N, outputs, h, w).

    Starts as He et al., 'Delving deep into rectifiers' (2015): torch's own start lets features shrink with
    depth until biases outweigh them, and half the units die.
    """
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, a=_SLOPE[activation], nonlinearity="leaky_relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return nn.Sequential(conv, activation_layer(activation))


def double_conv(inputs: int, outputs: int, activation: Activation) -> nn.Sequential:
    """Two 3x3 convolutions, each with activation."""
    return nn.Sequential(conv3x3(inputs, outputs, activation), conv3x3(outputs, outputs, activation))


class ChannelGate(nn.Module):
    """Channel attention's gate: one number in (0, 1) per channel from the channel's mean."""

    def __init__(self, channels: int) -> None:
        """channels: the bottleneck has an eighth of them, rounded up: the 4 of the narrowest student have one unit."""
        super().__init__()
        hidden = math.ceil(channels / 8)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)
        # Means of rectified features aren't negative: with positive weights no hidden unit starts dead.
        with torch.no_grad():
            self.squeeze.weight.abs_()
            self.squeeze.bias.fill_(0.1)  # type: ignore[union-attr]

    def hidden(self, x: Tensor) -> Tensor:
        """The bottleneck's units before the excitation, (N, C/8, 1, 1); all zero over a batch: dead."""
        return torch.relu(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w). Returns (N, C, 1, 1)."""
        return torch.sigmoid(self.excite(self.hidden(x)))


class SpatialAttention(nn.Module):
    """Spatial attention: one number in (0, 1) per pixel from the channels' maximum and mean."""

    def __init__(self) -> None:
        """A 5x5 convolution from 2 maps to 1, without bias."""
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 5, padding=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w). Returns x times its gate, the same shape."""
        maps = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.conv(maps))


class Fgam(nn.Module):
    """Fine-grained attention module: cat[x + CA(x), x + SA(x)], C channels in, 2C out."""

    def __init__(self, channels: int) -> None:
        """channels: C."""
        super().__init__()
        self.channel: nn.Module = ChannelGate(channels)
        self.spatial: nn.Module = SpatialAttention()

    def forward(self, x: Tensor, gate: Tensor | None = None) -> Tensor:
        """x: (N, C, h, w). gate: (N, C, 1, 1) from elsewhere, or None to take it from x."""
        gate = self.channel(x) if gate is None else gate
        return torch.cat([x + x * gate, x + self.spatial(x)], dim=1)


class UpBlock(nn.Module):
    """U of the contextual complement upsampling block: convolution, PixelShuffle(2), convolution."""

    def __init__(self, inputs: int, outputs: int, activation: Activation) -> None:
        """From inputs channels to outputs channels at twice the size."""
        super().__init__()
        self.expand = conv3x3(inputs, 4 * outputs, activation)
        self.shuffle = nn.PixelShuffle(2)
        self.refine: nn.Module = conv3x3(outputs, outputs, activation)

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, inputs, h, w). Returns (N, outputs, 2h, 2w)."""
        refined: Tensor = self.refine(self.shuffle(self.expand(x)))
        return refined


class SkipOutput(nn.Conv2d):
    """The output convolution, with a packed image added to its picture. Starts near zero, the image alone."""

    def __init__(self, inputs: int) -> None:
        """From inputs channels to RGB."""
        super().__init__(inputs, 3, 3, padding=1)
        _start_near_zero(self)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:  # type: ignore[override]
        """x: (N, C, 2h, 2w). image: (N, 12, h, w), as PixelShuffle takes it. Returns (N, 3, 2h, 2w)."""
        return super().forward(x) + functional.pixel_shuffle(image, 2)


def image_skip(planes: int) -> nn.Conv2d:
    """The skip's 3x3 convolution, (N, planes, h, w) to (N, 12, h, w): starts with each quad's colour in its 2x2 px."""
    conv = nn.Conv2d(planes, 3 * 4, 3, padding=1)
    _start_near_zero(conv)
    with torch.no_grad():
        for color, sites in enumerate(((0,), (1, 2), (3,))):
            for site in sites:
                conv.weight[4 * color : 4 * color + 4, site, 1, 1] += 1 / len(sites)
    return conv


def skip_gate(inputs: int) -> nn.Conv2d:
    """The 1x1 convolution whose sigmoid gates the skip, (N, inputs, h, w) to (N, 12, h, w). Starts mostly open."""
    conv = nn.Conv2d(inputs, 3 * 4, 1)
    _start_near_zero(conv)
    nn.init.ones_(conv.bias)  # type: ignore[arg-type]
    return conv


def _start_near_zero(conv: nn.Conv2d) -> None:
    with torch.no_grad():
        conv.weight.mul_(_NEAR_ZERO)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
