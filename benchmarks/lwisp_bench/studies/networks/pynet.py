"""PyNET: Ignatov, Van Gool and Timofte, "Replacing Mobile Camera ISP with a Single Deep Learning Model", CVPRW 2020.

An inverted pyramid of five levels. Level n works at 1/2**(n - 1) of the packed mosaic's size on WIDTHS[n - 1] channels;
each level's result, upsampled, goes into the level above, and a last upsampling (level 0) yields the picture at the
mosaic's full size. Every step is a multi-convolution block: 3x3, 5x5, 7x7 and 9x9 branches side by side, up to a
largest kernel, each of two convolutions. Weights here are random: good for cost, for nothing else.

Two things differ from the paper, as in LW-ISP's shipped form, and both make it faster, so that a comparison errs in
PyNET's favour. Borders are padded with zeros instead of reflections: XNNPACK has no reflection, and would run the
network in over a hundred partitions. ReLU replaces LeakyReLU, around which the converter puts TRANSPOSEs.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

WIDTHS = (32, 64, 128, 256, 512)
PLANES = 4
EPSILON = 1e-5


class InstanceNorm(nn.Module):
    """Instance norm as poolings and products; the same numbers.

    In this form the converter leaves everything channels last. Written as usual, or with a square, it puts a TRANSPOSE
    before and after each.
    """

    epsilon: Tensor

    def __init__(self, channels: int) -> None:
        """Scale 1, shift 0."""
        super().__init__()
        shape = (1, channels, 1, 1)
        self.scale, self.shift = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))
        self.register_buffer("epsilon", torch.full(shape, EPSILON), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        mean = nn.functional.avg_pool2d(x, x.shape[2:])
        centred = x - mean
        minus_variance = nn.functional.avg_pool2d(centred * (mean - x), x.shape[2:])
        return centred * (self.scale / torch.sqrt(self.epsilon - minus_variance)) + self.shift


def _conv(inputs: int, outputs: int, kernel: int, *, norm: bool = False, active: bool = True) -> nn.Sequential:
    """Convolution, instance norm where asked for, ReLU."""
    parts: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)]
    if norm:
        parts.append(InstanceNorm(outputs))
    if active:
        parts.append(nn.ReLU())
    return nn.Sequential(*parts)


def _upsampling(inputs: int, outputs: int) -> nn.Sequential:
    """Bilinear to twice the size, then a 3x3 convolution."""
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), _conv(inputs, outputs, 3))


class MultiConv(nn.Module):
    """Branches of kernels 3, 5, … up to the largest, two convolutions each, side by side in the result's channels."""

    def __init__(self, inputs: int, width: int, largest: int, *, norm: bool) -> None:
        """Each branch returns `width` channels."""
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(_conv(inputs, width, kernel, norm=norm), _conv(width, width, kernel, norm=norm))
            for kernel in range(3, largest + 1, 2)
        )
        self.outputs = width * len(self.branches)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to (N, width * branches, h, w)."""
        return torch.cat([branch(x) for branch in self.branches], 1)


class _Level(nn.Module):
    """The common part of all levels: encoder block, the level's own picture (a training target), two upsamplings."""

    def __init__(self, level: int, result: int, *, ups: int = 2) -> None:
        """level: 1 is the finest. result: its channels. ups: number of upsamplings for the level above."""
        super().__init__()
        self.width = WIDTHS[level - 1]
        inputs = PLANES if level == 1 else WIDTHS[level - 2]
        self.encode = MultiConv(inputs, self.width, 3, norm=level != 1)
        self.picture = _conv(result, 3, 3, active=False)
        above = 16 if level == 1 else WIDTHS[level - 2]
        self.ups = nn.ModuleList(_upsampling(result, above) for _ in range(ups))

    def block(self, inputs: int, largest: int, *, norm: bool = True) -> MultiConv:
        """A block of the level's width."""
        return MultiConv(inputs, self.width, largest, norm=norm)


class _Level5(_Level):
    def __init__(self) -> None:
        super().__init__(5, WIDTHS[4])
        self.body = nn.Sequential(*(self.block(self.width, 3) for _ in range(3)))

    def forward(self, encoded: Tensor) -> Tensor:
        return self.body(encoded)  # type: ignore[no-any-return]


class _Level4(_Level):
    def __init__(self) -> None:
        super().__init__(4, WIDTHS[3])
        w = self.width
        self.enter, self.leave, self.join = self.block(2 * w, 3), self.block(w, 3), self.block(2 * w, 3)
        self.residual = nn.ModuleList(self.block(w, 3) for _ in range(2))

    def forward(self, encoded: Tensor, below: list[Tensor]) -> Tensor:
        x = _residuals(self.enter(torch.cat([encoded, below[0]], 1)), self.residual)
        return self.join(torch.cat([self.leave(x), below[1]], 1))  # type: ignore[no-any-return]


class _Level3(_Level):
    def __init__(self) -> None:
        super().__init__(3, WIDTHS[2])
        w = self.width
        self.residual = nn.ModuleList(self.block(2 * w, 5) for _ in range(3))
        self.leave, self.join = self.block(2 * w, 5), self.block(4 * w, 3)

    def forward(self, encoded: Tensor, below: list[Tensor]) -> Tensor:
        x = _residuals(torch.cat([encoded, below[0]], 1), self.residual)
        return self.join(torch.cat([self.leave(x), encoded, below[1]], 1))  # type: ignore[no-any-return]


class _Level2(_Level):
    def __init__(self) -> None:
        super().__init__(2, WIDTHS[1])
        w = self.width
        self.enter = self.block(2 * w, 5)
        self.residual = nn.ModuleList(self.block(3 * w, 7) for _ in range(3))
        self.leave, self.mix, self.join = self.block(3 * w, 7), self.block(4 * w, 5), self.block(3 * w, 3)

    def forward(self, encoded: Tensor, below: list[Tensor]) -> Tensor:
        x = torch.cat([self.enter(torch.cat([encoded, below[0]], 1)), encoded], 1)
        x = self.leave(_residuals(x, self.residual))
        x = self.mix(torch.cat([x, encoded], 1))
        return self.join(torch.cat([x, below[1]], 1))  # type: ignore[no-any-return]


class _Level1(_Level):
    """Its first and last blocks have no instance norm, which removes the picture's brightness."""

    def __init__(self) -> None:
        super().__init__(1, WIDTHS[0], ups=1)
        w = self.width
        self.enter, self.wider, self.widest = (
            self.block(2 * w, 5, norm=False),
            self.block(3 * w, 7),
            self.block(3 * w, 9),
        )
        self.residual = nn.ModuleList(self.block(4 * w, 9) for _ in range(3))
        self.leave, self.mix = self.block(4 * w, 7), self.block(4 * w, 5)
        self.join = self.block(4 * w, 3, norm=False)

    def forward(self, encoded: Tensor, below: list[Tensor]) -> Tensor:
        x = torch.cat([self.enter(torch.cat([encoded, below[0]], 1)), encoded], 1)
        x = self.leave(_residuals(self.widest(self.wider(x)), self.residual))
        x = self.mix(torch.cat([x, encoded], 1))
        return self.join(torch.cat([x, below[1], encoded], 1))  # type: ignore[no-any-return]


def _residuals(x: Tensor, blocks: nn.ModuleList) -> Tensor:
    for block in blocks:
        x = block(x) + x
    return x


class PyNet(nn.Module):
    """The whole network at level 0: (N, 4, h, w) packed mosaic to (N, 3, 2h, 2w) RGB in [0, 1].

    h and w are multiples of 16. The coarser levels' pictures serve training only: they have parameters here and aren't
    computed.
    """

    def __init__(self) -> None:
        """Random weights."""
        super().__init__()
        self.level1, self.level2, self.level3 = _Level1(), _Level2(), _Level3()
        self.level4, self.level5 = _Level4(), _Level5()
        self.picture = _conv(16, 3, 3, active=False)

    def forward(self, packed: Tensor) -> Tensor:
        """Down through the encoders, up through the levels."""
        levels = (self.level1, self.level2, self.level3, self.level4, self.level5)
        encoded = [self.level1.encode(packed)]
        for level in levels[1:]:
            encoded.append(level.encode(nn.functional.max_pool2d(encoded[-1], 2)))
        x = self.level5(encoded[4])
        for level, features in zip(reversed(levels[:-1]), reversed(encoded[:-1])):
            below = [up(x) for up in levels[levels.index(level) + 1].ups]
            x = level(features, below)
        return torch.sigmoid(self.picture(self.level1.ups[0](x)))


def count_parameters(network: nn.Module) -> int:
    """Weights and biases."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def count_macs(run: Callable[[], object], network: nn.Module) -> int:
    """Multiply-adds of every convolution that `run` calls, by hooks."""
    total = 0

    def hook(module: nn.Conv2d, _inputs: object, output: Tensor) -> None:
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    handles = [module.register_forward_hook(hook) for module in network.modules() if isinstance(module, nn.Conv2d)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return total
