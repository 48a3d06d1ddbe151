"""A student's cost: parameters, and multiply-adds counted while it runs."""

import torch
from torch import Tensor, nn

from lwisp_export.student.network import Student


def count_parameters(module: nn.Module) -> int:
    """Weights and biases."""
    return sum(parameter.numel() for parameter in module.parameters())


@torch.no_grad()
def count_macs(student: Student, side_px: int) -> int:
    """Multiply-adds of all convolutions for a square packed input of this side.

    Counted by hooks on every call, so that a block used twice counts twice.
    """
    total = 0

    def hook(module: nn.Conv2d, _inputs: object, output: Tensor) -> None:
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(hook) for module in student.modules() if isinstance(module, nn.Conv2d)]
    try:
        student(torch.zeros(1, student.config.input_planes, side_px, side_px))
    finally:
        for handle in hooks:
            handle.remove()
    return total
