"""Weights of a student's .tflite back into torch, undoing what deployment did to their order."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lwisp_export.conversion.writer import constant
from lwisp_export.student.blocks import UpBlock
from lwisp_export.student.network import Student
from lwisp_export.training.qat.graph_match import OUTPUT_CONVOLUTION, Wiring
from lwisp_mobile.tflite.reader import text

BLOCK_PHASES = 4


def take_weights(student: Student, wiring: Wiring, tree: Any) -> None:
    """Give a student the weights of a .tflite of the same form, whatever was done to their scale.

    tree: ModelT, float, its output split or not. Biases of blocks that run twice are the mean of both runs'.
    """
    graph = tree.subgraphs[0]
    operators = {text(graph.tensors[operator.outputs[0]].name): operator for operator in graph.operators}
    for module, results in wiring.convolutions.items():
        inputs = [operators[name].inputs for name in results]
        convolution = student.get_submodule(module)
        weights = constant(tree, int(inputs[0][1]))
        biases = np.mean([constant(tree, int(found[2])) for found in inputs], axis=0)
        order = _order(student, module, len(weights))
        if module == OUTPUT_CONVOLUTION:
            # The first pixel of a block has the filters' own place in the 4x4 window, and the plain sign comes first.
            weights = weights[:, :3, :3]
        _copy(convolution.weight, weights[order].transpose(0, 3, 1, 2))
        if isinstance(convolution, nn.Conv2d) and convolution.bias is not None:
            _copy(convolution.bias, biases[order])


def _order(student: Student, module: str, filters: int) -> Sequence[int]:
    """Where in the .tflite torch's filters are: depth-to-space takes blocks of channels in another order."""
    parent, _, last = module.rpartition(".expand.")
    if last and isinstance(student.get_submodule(parent), UpBlock):
        return [int(i) for i in np.arange(filters).reshape(BLOCK_PHASES, -1).T.reshape(-1)]
    return range(3 if module == OUTPUT_CONVOLUTION else filters)


def _copy(parameter: Tensor | nn.Module, values: np.ndarray) -> None:
    assert isinstance(parameter, Tensor)  # for the type checker: a module's attribute may be either
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
