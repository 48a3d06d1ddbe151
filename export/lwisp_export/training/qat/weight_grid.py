"""Weights of a student's .tflite back into torch, undoing what deployment did to their order."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import living_channels
from lwisp_export.training.qat.graph_match import OUTPUT_CONVOLUTION, GraphMatch
from lwisp_mobile.tflite.graph import Graph

Which = Tensor | slice
BLOCK_PHASES = 4
EVERY = slice(None)
IMAGE_CONVOLUTIONS = ("skip", "gate")
"""Of the image that is added to the picture; depth-to-space takes their product."""


def take_weights(student: Student, match: GraphMatch, float_model: Graph) -> None:
    """Give a student the weights of a .tflite of the same form, whatever was done to their scale.

    float_model: its output split or not, without the student's silent channels. Biases of blocks that run twice are
    the mean of both runs'.
    """
    operators = {operator.output.name: operator for operator in float_model.operators}
    living = living_channels(student)
    for module, results in match.convolutions.items():
        convolution = student.get_submodule(module)
        weights = operators[results[0]].weights.values()
        biases = np.mean([operators[name].bias.values() for name in results], axis=0)
        order = _order(student, module, len(weights))
        if module == OUTPUT_CONVOLUTION:
            # The first pixel of a block has the filters' own place in the 4x4 window, and the plain sign comes first.
            weights = weights[:, :3, :3]
        weights = weights[order].transpose(0, 3, 1, 2)
        outputs, inputs = living.get(module, (EVERY, EVERY))
        # Planes that only the deployed form joins come last, with weights of zero.
        _copy(convolution.weight, weights[:, : _shape(convolution.weight)[1]], outputs, inputs)
        if isinstance(convolution, nn.Conv2d) and convolution.bias is not None:
            _copy(convolution.bias, biases[order], outputs)


def _order(student: Student, module: str, filters: int) -> Sequence[int]:
    """Where in the .tflite torch's filters are: depth-to-space takes blocks of channels in another order."""
    parent, _, _ = module.rpartition(".expand.")
    if module in IMAGE_CONVOLUTIONS or isinstance(student.get_submodule(parent), UpBlock):
        return [int(i) for i in np.arange(filters).reshape(BLOCK_PHASES, -1).T.reshape(-1)]
    return range(3 if module == OUTPUT_CONVOLUTION else filters)


def _shape(parameter: Tensor | nn.Module) -> tuple[int, ...]:
    assert isinstance(parameter, Tensor)  # for the type checker: a module's attribute may be either
    return tuple(parameter.shape)


@torch.no_grad()
def _copy(parameter: Tensor | nn.Module, values: np.ndarray, outputs: Which, inputs: Which = EVERY) -> None:
    """Set a parameter's living channels to values, the others to zero."""
    assert isinstance(parameter, Tensor)
    whole = torch.zeros_like(parameter)
    rows = whole[outputs]
    if parameter.ndim == 1:
        rows[:] = torch.from_numpy(np.asarray(values, np.float32))
    else:
        rows[:, inputs] = torch.from_numpy(np.ascontiguousarray(values, np.float32))
    whole[outputs] = rows
    parameter.copy_(whole)
