"""The first operator of an ONNX whose result a converted model doesn't have."""

from itertools import permutations

import numpy as np
import onnx
from numpy.typing import NDArray

from lwisp_export.conversion.equivalence import Reference, alike
from lwisp_export.conversion.onnx_interface import Layout, to_layout
from lwisp_export.conversion.onnx_to_tflite import TracedModel
from lwisp_mobile.engine.isolated_run import Arrays, InputSet, run_isolated


def first_difference(prepared: onnx.ModelProto, traced: TracedModel, arrays: Arrays, layout: Layout) -> str | None:
    """The operator and its name, in graph order; None if no value that both have differs.

    prepared: what was converted. arrays: inputs as the original ONNX takes them.
    """
    given = tuple(to_layout(values, layout) for values in arrays)
    (run,) = run_isolated(traced.model, [InputSet(given, keep_tensors=True)])
    values = _all_values(prepared, given)
    for node in prepared.graph.node:
        for name in node.output:
            found = run.tensors.get(traced.tensors.get(name, ""))
            if found is not None and name in values and not _alike(values[name], found):
                return f"{node.op_type} ({node.name or name})"
    return None


def _all_values(model: onnx.ModelProto, arrays: Arrays) -> dict[str, NDArray[np.generic]]:
    """Every value of an ONNX, by name."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name]
    del opened.graph.output[:]
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return dict(zip(names, Reference(opened).run(arrays)))


def _alike(wanted: NDArray[np.generic], found: NDArray[np.generic]) -> bool:
    """Whether two arrays are equal in one order of the axes."""
    if wanted.ndim != found.ndim:
        return wanted.size == found.size and alike(wanted.reshape(-1), found.reshape(-1))
    orders = [order for order in permutations(range(wanted.ndim)) if wanted.transpose(order).shape == found.shape]
    return any(alike(wanted.transpose(order), found) for order in orders)
