"""The receptive field, found from the network itself by asking which inputs an output depends on."""

import torch
from torch import nn

from lwisp_export.student.config import SIZE_MULTIPLE, StudentConfig
from lwisp_export.student.network import Context, Student

_SPAN_PX = 20 * SIZE_MULTIPLE


def halo_px(config: StudentConfig) -> int:
    """Packed pixels around a cell of SIZE_MULTIPLE that its output depends on, rounded up to the multiple.

    Only convolutions and poolings count: gates and global vector are given from outside. Computed on a
    copy with positive weights and averaging pools, in which no dependence can cancel or be masked.
    """
    student = _positive_copy(config)
    packed = torch.full((1, config.input_planes, _SPAN_PX, _SPAN_PX), 0.5, dtype=torch.float64, requires_grad=True)
    start = (_SPAN_PX // SIZE_MULTIPLE // 2) * SIZE_MULTIPLE
    cell = slice(start * config.output_scale, (start + SIZE_MULTIPLE) * config.output_scale)
    with torch.enable_grad():
        output = student(packed, _neutral_context())
        (gradient,) = torch.autograd.grad(output[..., cell, cell].sum(), packed)
    rows = torch.nonzero(gradient.abs().sum(dim=(0, 1, 3))).flatten()
    reach = max(start - int(rows.min()), int(rows.max()) + 1 - (start + SIZE_MULTIPLE))
    return -(-reach // SIZE_MULTIPLE) * SIZE_MULTIPLE


def _positive_copy(config: StudentConfig) -> Student:
    # The field doesn't depend on the width; the smallest is the fastest.
    student = Student(StudentConfig(width=8, task=config.task)).double()
    student.pool = nn.AvgPool2d(2)
    for parameter in student.parameters():
        fan_in = max(1, parameter[0].numel())
        nn.init.constant_(parameter, 1 / fan_in if parameter.dim() > 1 else 0.0)
    return student


def _neutral_context() -> Context:
    gate1, gate2, gate3, gate4 = (torch.ones(1, 8 * 2**level, 1, 1, dtype=torch.float64) for level in range(4))
    return Context(gate1, gate2, gate3, gate4, torch.zeros_like(gate4))
