"""Weights of a student's .tflite back into torch, undoing what deployment did to their order."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.network import Student
from lwisp_export.training.qat.graph_match import OUTPUT_CONVOLUTION, GraphMatch
from lwisp_mobile.tflite.graph import Graph

BLOCK_PHASES = 4
IMAGE_CONVOLUTIONS = ("skip", "gate")
"""Of the image that is added to the picture; depth-to-space takes their product."""


def take_weights(student: Student, match: GraphMatch, float_model: Graph) -> None:
    """Give a student the weights of a .tflite of the same form, whatever was done to their scale.

    float_model: its output split or not. Biases of blocks that run twice are the mean of both runs'.
    """
    operators = {operator.output.name: operator for operator in float_model.operators}
    for module, results in match.convolutions.items():
        convolution = student.get_submodule(module)
        weights = operators[results[0]].weights.values()
        biases = np.mean([operators[name].bias.values() for name in results], axis=0)
        order = _order(student, module, len(weights))
        if module == OUTPUT_CONVOLUTION:
            # The first pixel of a block has the filters' own place in the 4x4 window, and the plain sign comes first.
            weights = weights[:, :3, :3]
        weights = weights[order].transpose(0, 3, 1, 2)
        # Planes that only the deployed form joins come last, with weights of zero.
        _copy(convolution.weight, weights[:, : convolution.weight.shape[1]])
        if isinstance(convolution, nn.Conv2d) and convolution.bias is not None:
            _copy(convolution.bias, biases[order])


def _order(student: Student, module: str, filters: int) -> Sequence[int]:
    """Where in the .tflite torch's filters are: depth-to-space takes blocks of channels in another order."""
    parent, _, _ = module.rpartition(".expand.")
    if module in IMAGE_CONVOLUTIONS or isinstance(student.get_submodule(parent), UpBlock):
        return [int(i) for i in np.arange(filters).reshape(BLOCK_PHASES, -1).T.reshape(-1)]
    return range(3 if module == OUTPUT_CONVOLUTION else filters)


def _copy(parameter: Tensor | nn.Module, values: np.ndarray) -> None:
    assert isinstance(parameter, Tensor)  # for the type checker: a module's attribute may be either
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
