"""Small networks of random weights with the operators of image restoration, one idea each."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

Shapes = tuple[tuple[int, ...], ...]
_RGB: Shapes = ((1, 3, 24, 32),)


@dataclass(frozen=True)
class SmallNetwork:
    """A network and the shapes of its inputs."""

    name: str
    make: Callable[[], nn.Module]
    shapes: Shapes = _RGB


class Of(nn.Module):
    """A function of layers and the inputs as a module."""

    def __init__(self, function: Callable[..., object], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, *inputs: Tensor) -> object:
        return self.function(*self.layers, *inputs)


def _conv(inputs: int = 3, outputs: int = 8, size: int = 3, **options: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, **{"padding": size // 2, **options})  # type: ignore[arg-type]


def _between(*layers: nn.Module, outputs: int = 8) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(_conv(), *layers, _conv(outputs, 3))


def _unet() -> nn.Module:
    def run(first: nn.Module, down: nn.Module, up: nn.Module, last: nn.Module, x: Tensor) -> Tensor:
        skip = first(x).relu()
        deep = down(functional.max_pool2d(skip, 2)).relu()
        return torch.sigmoid(last(torch.cat([skip, up(deep)], 1)))

    return Of(run, _conv(), _conv(8, 16), nn.ConvTranspose2d(16, 8, 2, 2), _conv(16, 3))


class _ChannelNorm(nn.Module):
    """LayerNorm over channels, as NAFNet has it."""

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        return (x - mean) / (variance + 1e-6).sqrt()


def _channel_attention(first: nn.Module, squeeze: nn.Module, last: nn.Module, x: Tensor) -> object:
    features = first(x)
    return last(features * torch.sigmoid(squeeze(features.mean((2, 3), keepdim=True))))


def _spatial_attention(first: nn.Module, squeeze: nn.Module, last: nn.Module, x: Tensor) -> object:
    features = first(x)
    summary = torch.cat([features.mean(1, keepdim=True), features.amax(1, keepdim=True)], 1)
    return last(features * torch.sigmoid(squeeze(summary)))


def _gate(first: nn.Module, last: nn.Module, x: Tensor) -> object:
    left, right = first(x).chunk(2, dim=1)
    return last(left * right)


def _transposed_attention(qkv: nn.Module, last: nn.Module, x: Tensor) -> object:
    batch, _, height, width = x.shape
    query, key, value = qkv(x).reshape(batch, 3, 8, height * width).unbind(1)
    weights = torch.softmax(functional.normalize(query, dim=-1) @ functional.normalize(key, dim=-1).transpose(1, 2), -1)
    return last((weights @ value).reshape(batch, 8, height, width))


def _window_attention(embed: nn.Module, qkv: nn.Module, last: nn.Module, x: Tensor) -> object:
    features = embed(x)
    batch, channels, height, width = features.shape
    windows = features.reshape(batch, channels, height // 8, 8, width // 8, 8).permute(0, 2, 4, 3, 5, 1)
    query, key, value = qkv(windows.reshape(-1, 64, channels)).chunk(3, dim=-1)
    found = torch.softmax(query @ key.transpose(1, 2) * channels**-0.5, -1) @ value
    joined = found.reshape(batch, height // 8, width // 8, 8, 8, channels).permute(0, 5, 1, 3, 2, 4)
    return last(joined.reshape(batch, channels, height, width))


def _haar(last: nn.Module, x: Tensor) -> object:
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    return last(torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1) / 2)


def _grid_sample(flow: nn.Module, x: Tensor) -> object:
    height, width = x.shape[2:]
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    grid = torch.stack([columns, rows], -1)[None] + 0.1 * torch.tanh(flow(x)).permute(0, 2, 3, 1)
    return functional.grid_sample(x, grid, align_corners=True, padding_mode="border")


def _dense_block(one: nn.Module, two: nn.Module, three: nn.Module, x: Tensor) -> object:
    first = one(x).relu()
    second = two(torch.cat([x, first], 1)).relu()
    return x + 0.2 * three(torch.cat([x, first, second], 1))


def _self_einsum(first: nn.Module, last: nn.Module, x: Tensor) -> object:
    features = first(x)
    weights = torch.softmax(torch.einsum("bchw,bdhw->bcd", features, features) / 100, -1)
    return last(torch.einsum("bcd,bdhw->bchw", weights, features))


def _feature_vector(first: nn.Module, dense: nn.Module, last: nn.Module, x: Tensor) -> object:
    features = first(x).relu()
    scale = dense(functional.adaptive_avg_pool2d(features, 1).flatten(1))
    return last(features * scale[:, :, None, None])


NETWORKS = (
    SmallNetwork("zero padding", _between(nn.ReLU())),
    SmallNetwork("reflect padding", lambda: nn.Sequential(_conv(padding_mode="reflect"), nn.ReLU(), _conv(8, 3))),
    SmallNetwork("reflection pad", lambda: nn.Sequential(nn.ReflectionPad2d(2), nn.Conv2d(3, 3, 5))),
    SmallNetwork("replicate padding", lambda: nn.Sequential(_conv(padding_mode="replicate"), nn.ReLU(), _conv(8, 3))),
    SmallNetwork("circular padding", lambda: nn.Sequential(_conv(padding_mode="circular"), nn.ReLU(), _conv(8, 3))),
    SmallNetwork("group norm", _between(nn.GroupNorm(2, 8), nn.ReLU())),
    SmallNetwork("instance norm", _between(nn.InstanceNorm2d(8, affine=True), nn.ReLU())),
    SmallNetwork("batch norm", _between(nn.BatchNorm2d(8), nn.ReLU())),
    SmallNetwork("channel norm", _between(_ChannelNorm())),
    SmallNetwork(
        "residual of one size on every axis",
        lambda: Of(lambda a, b, x: x + b(a(x).relu()), _conv(16, 16), _conv(16, 16)),
        ((1, 16, 16, 16),),
    ),
    SmallNetwork("pixel shuffle", lambda: nn.Sequential(_conv(3, 12), nn.PixelShuffle(2))),
    SmallNetwork("pixel unshuffle", lambda: nn.Sequential(nn.PixelUnshuffle(2), _conv(12, 12), nn.PixelShuffle(2))),
    SmallNetwork("transposed convolution 2", lambda: nn.Sequential(_conv(), nn.ConvTranspose2d(8, 3, 2, 2))),
    SmallNetwork("transposed convolution 4", lambda: nn.Sequential(_conv(), nn.ConvTranspose2d(8, 3, 4, 2, 1))),
    SmallNetwork("bilinear", _between(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))),
    SmallNetwork("bilinear, aligned", _between(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True))),
    SmallNetwork("nearest", _between(nn.Upsample(scale_factor=2))),
    SmallNetwork("bicubic", _between(nn.Upsample(scale_factor=2, mode="bicubic"))),
    SmallNetwork("depthwise", _between(_conv(8, 8, groups=8), nn.ReLU6())),
    SmallNetwork("dilated", _between(_conv(8, 8, padding=2, dilation=2), nn.ReLU())),
    SmallNetwork("grouped", _between(_conv(8, 8, groups=2), nn.ReLU())),
    SmallNetwork("PReLU", _between(nn.PReLU(8))),
    SmallNetwork("leaky ReLU", _between(nn.LeakyReLU(0.2))),
    SmallNetwork("GELU", _between(nn.GELU())),
    SmallNetwork("SiLU", _between(nn.SiLU())),
    SmallNetwork("hard swish", _between(nn.Hardswish(), nn.Hardsigmoid())),
    SmallNetwork("ELU, softplus, tanh", _between(nn.ELU(), nn.Softplus(), nn.Tanh())),
    SmallNetwork("channel attention", lambda: Of(_channel_attention, _conv(), nn.Conv2d(8, 8, 1), _conv(8, 3))),
    SmallNetwork("spatial attention", lambda: Of(_spatial_attention, _conv(), _conv(2, 1, 7), _conv(8, 3))),
    SmallNetwork("gate", lambda: Of(_gate, _conv(3, 16), _conv(8, 3))),
    SmallNetwork("transposed attention", lambda: Of(_transposed_attention, _conv(3, 24, 1), _conv(8, 3))),
    SmallNetwork("window attention", lambda: Of(_window_attention, _conv(), nn.Linear(8, 24), _conv(8, 3))),
    SmallNetwork("einsum", lambda: Of(_self_einsum, _conv(), _conv(8, 3))),
    SmallNetwork("grid sample", lambda: Of(_grid_sample, _conv(3, 2))),
    SmallNetwork("U-Net", _unet),
    SmallNetwork("average pooling", _between(nn.AvgPool2d(2), nn.ReLU())),
    SmallNetwork(
        "two inputs",
        lambda: Of(lambda a, x, noise: x - a(torch.cat([x, noise], 1)), _conv(4, 3)),
        ((1, 3, 24, 32), (1, 1, 24, 32)),
    ),
    SmallNetwork(
        "two outputs", lambda: Of(lambda a, b, c, x: (b(a(x)), c(a(x)).sigmoid()), _conv(), _conv(8, 3), _conv(8, 1))
    ),
    SmallNetwork("dense block", lambda: Of(_dense_block, _conv(), _conv(11, 8), _conv(19, 3))),
    SmallNetwork(
        "clipped residual",
        lambda: Of(lambda a, x: (x - a(x)).clamp(0, 1), nn.Sequential(_conv(), nn.ReLU(), _conv(8, 3))),
    ),
    SmallNetwork("segmentation", lambda: nn.Sequential(_conv(), nn.ReLU(), _conv(8, 5), nn.Softmax(1))),
    SmallNetwork("Haar wavelet", lambda: Of(_haar, _conv(12, 3))),
    SmallNetwork("dense layer on a mean", lambda: Of(_feature_vector, _conv(), nn.Linear(8, 8), _conv(8, 3))),
)


def seeded(network: SmallNetwork) -> nn.Module:
    """The network, always of the same weights, in evaluation mode."""
    torch.manual_seed(5)
    return network.make().eval()
