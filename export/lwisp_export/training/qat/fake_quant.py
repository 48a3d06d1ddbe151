"""The student as its INT8 .tflite computes: weights and activations on their grids, gradients as if they weren't."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from lwisp_export.quantization.ranges import STEPS, Range
from lwisp_export.quantization.rounding import LARGEST_WEIGHT
from lwisp_export.quantization.scales import SIGMOID_RANGE
from lwisp_export.student.network import Student
from lwisp_export.training.qat.graph_match import OUTPUT_CONVOLUTION, kind_of

LOWEST, HIGHEST = -128, 127
PICTURE_STEP = 1 / 256
RANGE_PACE = 10.0
"""Ranges are trained in their logarithm, this much faster than weights, which are hundredths."""
_MOVES_ONLY = ("MaxPool2d", "PixelShuffle", "amax", "cat", "getitem", "sub")
"""Their results are on the grid of what they read already; the student's only difference is x - x."""


class FakeQuantStudent(nn.Module):
    """A student with int8 rounding. Ranges are trained, too, but for those of input, picture, sigmoids and logits."""

    def __init__(
        self,
        student: Student,
        graph: fx.Graph,
        groups: Sequence[tuple[frozenset[str], Range]],
        least_range: float = 0.0,
    ) -> None:
        """student: trained in place. graph: its trace. groups: nodes that share a scale, and their range.

        least_range: share of its first size that a range keeps.
        """
        super().__init__()
        self.least_range = least_range
        self.student = student
        self._graph = graph
        self._group_of = {name: place for place, (names, _) in enumerate(groups) for name in names}
        self._names = [sorted(names) for names, _ in groups]
        self.register_buffer("low", torch.tensor([found.low for _, found in groups]), persistent=False)
        self.register_buffer("high", torch.tensor([found.high for _, found in groups]), persistent=False)
        fixed = {"packed", *_logits(student, graph)}
        self._is_trained = [names.isdisjoint(fixed) and found.high != SIGMOID_RANGE.high for names, found in groups]
        self.register_buffer("moves", torch.tensor(self._is_trained, dtype=torch.float32), persistent=False)
        self.growth = nn.Parameter(torch.zeros(len(groups)))

    def forward(self, packed: Tensor) -> Tensor:
        """As `Student.forward`, without a context."""
        low, high = self.limits()
        return cast(Tensor, _Rounding(self, low, high).run(packed, None))

    def limits(self) -> tuple[Tensor, Tensor]:
        """The ranges' ends, (groups,) each."""
        low, high, moves = (cast(Tensor, limits) for limits in (self.low, self.high, self.moves))
        factors = torch.exp(RANGE_PACE * self.growth * moves).clamp_min(self.least_range)
        return low * factors, high * factors

    def ranges(self) -> dict[str, Range]:
        """The range of every node."""
        low, high = (limit.tolist() for limit in self.limits())
        return {name: Range(low[i], high[i]) for i, names in enumerate(self._names) for name in names}

    def rounded_student(self) -> dict[str, Tensor]:
        """The student's weights on their int8 grid."""
        weights = {key: value.detach().clone() for key, value in self.student.state_dict().items()}
        for name, module in self.student.named_modules():
            if isinstance(module, nn.Conv2d):
                weights[f"{name}.weight"] = round_weights(module.weight).detach()
        return weights

    def group_of(self, node: str) -> tuple[int, bool] | None:
        """The place of a node's range and whether that is trained; None for nodes that have none."""
        place = self._group_of.get(node)
        return None if place is None else (place, self._is_trained[place])


class _Rounding(fx.Interpreter):
    """Runs the student's graph and rounds on the way."""

    def __init__(self, network: FakeQuantStudent, low: Tensor, high: Tensor) -> None:
        super().__init__(network.student, graph=network._graph)
        self._network = network
        self._scale = (high - low) / STEPS
        self._zero = (LOWEST - low / self._scale).round()

    def run_node(self, n: fx.Node) -> Any:
        kind = kind_of(self._network.student, n)
        if kind == "_assert_is_none":
            return None
        if kind in ("Conv2d", "SkipOutput"):
            return self._convolve(n)
        if kind == "sigmoid" and cast(fx.Node, n.args[0]).name == OUTPUT_CONVOLUTION:
            return self._split_sigmoid(self.fetch_args_kwargs_from_env(n)[0][0])
        result = super().run_node(n)
        return result if kind in _MOVES_ONLY or n.op == "output" else self._round(result, n.name)

    def _convolve(self, node: fx.Node) -> Tensor:
        """A convolution with rounded weights; its result is rounded, too, if nothing else does that."""
        student = self._network.student
        convolution = cast(nn.Conv2d, student.get_submodule(str(node.target)))
        source, *image = self.fetch_args_kwargs_from_env(node)[0]
        result = convolution._conv_forward(source, round_weights(convolution.weight), convolution.bias)
        if image:
            return self._round(result, node.name) + functional.pixel_shuffle(image[0], 2)
        is_rectified = all(kind_of(student, user) in ("ReLU", "relu") for user in node.users)
        is_split = node.name == OUTPUT_CONVOLUTION
        return result if is_rectified or is_split else self._round(result, node.name)

    def _split_sigmoid(self, logits: Tensor) -> Tensor:
        """As `quantization.split_sigmoid` deploys it."""
        both = [self._round(torch.relu(half), OUTPUT_CONVOLUTION) for half in (logits, -logits)]
        more, less = (_round_picture(torch.sigmoid(half)) for half in both)
        return _round_picture(more - less + 0.5)

    def _round(self, x: Tensor, name: str) -> Tensor:
        found = self._network.group_of(name)
        if found is None:
            return x
        group, is_trained = found
        scale, zero = self._scale[group : group + 1], self._zero[group : group + 1]
        if not is_trained:
            return torch.fake_quantize_per_tensor_affine(x, scale.detach(), zero.int().detach(), LOWEST, HIGHEST)
        # Esser et al., 'Learned step size quantization' (2020): steps learn, at a pace that doesn't depend on size.
        pace = 1 / (x.numel() * HIGHEST) ** 0.5
        return torch._fake_quantize_learnable_per_tensor_affine(x, scale, zero.detach(), LOWEST, HIGHEST, pace)


def _logits(student: Student, graph: fx.Graph) -> set[str]:
    """Names of what sigmoids take."""
    return {cast(fx.Node, node.args[0]).name for node in graph.nodes if kind_of(student, node) == "sigmoid"}


def round_weights(weights: Tensor) -> Tensor:
    """A convolution's weights to their int8 grid, filter by filter, as `scales.weight_scales` lays it.

    weights: (filters, channels, h, w). The gradient is passed on unchanged.
    """
    with torch.no_grad():
        largest = weights.abs().amax(dim=(1, 2, 3))
        scales = largest.clamp_min(float(largest.max()) / 1024).clamp_min(1e-6) / LARGEST_WEIGHT
    zeros = torch.zeros(len(weights), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weights, scales, zeros, 0, -LARGEST_WEIGHT, LARGEST_WEIGHT)


def _round_picture(x: Tensor) -> Tensor:
    return torch.fake_quantize_per_tensor_affine(x, PICTURE_STEP, LOWEST, LOWEST, HIGHEST)
