"""A float model to fp16 weights or to a recipe's int8: the only module that knows the quantizer."""

import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version

import numpy as np
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer
from ai_edge_quantizer.utils import tfl_flatbuffer_utils
from immutabledict import immutabledict

from lwisp_export.errors import QuantizationError
from lwisp_export.quantization.preparation import Prepared, Ranges, prepare
from lwisp_export.quantization.quantization_recipe import DEFAULT_RECIPE, QuantizationRecipe, find_quantization
from lwisp_export.quantization.rounding import LARGEST_WEIGHT
from lwisp_mobile.tflite.graph import Graph

QUANTIZER_VERSION = "0.10.0"
"""The release whose internals `_missing_operations` patches."""

_ALL = (".*", qtyping.TFLOperationName.ALL_SUPPORTED)


def quantize_fp16(float_model: Graph) -> Graph:
    """Store the weights as float16; activations stay float32. Half the size at about 97 dB."""
    worker = _worker(float_model)
    casting = algorithm_manager.AlgorithmName.FLOAT_CASTING
    worker.add_weight_only_config(*_ALL, num_bits=16, algorithm_key=casting)
    return _quantize(worker, None)


def quantize_int8(
    float_model: Graph,
    tiles: Sequence[np.ndarray],
    recipe: QuantizationRecipe | None = None,
    trained: Ranges | None = None,
) -> Graph:
    """Quantise by a recipe, by default the one that ships.

    That one gives int8 throughout: per-channel weights, int8 input (scale 1/255, zero point -128) and output (1/256,
    -128). float_model: a student's (ReLU). tiles: calibration inputs, each (h, w, planes) float32 in
    [0, 1], sides multiples of 16, of every exposure up to clipped white. trained: ranges by tensor name, for recipes
    that take them. Equal arguments give equal bytes. Raises QuantizationError on other tiles or another quantizer,
    UsageError where the recipe doesn't fit the model.
    """
    _check_quantizer()
    _check_operations(float_model)
    recipe = recipe or find_quantization(DEFAULT_RECIPE)
    return write_quantized(prepare(float_model, tiles, recipe, trained), recipe)


def write_quantized(prepared: Prepared, recipe: QuantizationRecipe) -> Graph:
    """Write a prepared model in its recipe's scheme. Raises QuantizationError if another quantizer is installed."""
    with _missing_operations():
        worker = _worker(prepared.model)
        if recipe.scheme == "dynamic":
            worker.add_dynamic_config(*_ALL, num_bits=8)
            return _quantize(worker, None)
        if recipe.scheme == "weights":
            worker.add_weight_only_config(*_ALL, num_bits=8)
            return _quantize(worker, None)
        worker.add_static_config(*_ALL, activation_num_bits=16 if recipe.scheme == "int16x8" else 8, weight_num_bits=8)
        _keep_float(worker, prepared.model, recipe.float_operators)
        return _quantize(worker, _statistics(prepared))


def _check_quantizer() -> None:
    found = version("ai-edge-quantizer")
    if found != QUANTIZER_VERSION:
        raise QuantizationError(
            f"ai-edge-quantizer {found} is installed; int8 needs {QUANTIZER_VERSION}, whose table is patched. "
            f"Run: pip install ai-edge-quantizer=={QUANTIZER_VERSION}"
        )


def _check_operations(float_model: Graph) -> None:
    """The quantizer would leave these float, without a word."""
    if any(operator.kind == "LEAKY_RELU" for operator in float_model.operators):
        raise QuantizationError("The model has LEAKY_RELU, which int8 kernels lack. Train the student with relu.")


def _worker(float_model: Graph) -> quantizer.Quantizer:
    return quantizer.Quantizer(bytearray(float_model.pack()))


def _keep_float(worker: quantizer.Quantizer, graph: Graph, names: Sequence[str]) -> None:
    """Have the quantizer leave some operators alone; the picture itself stays int8."""
    for operator in graph.operators:
        name = operator.output.name
        if name in names:
            kind = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME[getattr(qtyping.BuiltinOperator, operator.kind)]
            alone = algorithm_manager.AlgorithmName.NO_QUANTIZE
            worker.update_quantization_recipe(f"^{re.escape(name)};?$", kind, algorithm_key=alone)


@contextmanager
def _missing_operations() -> Iterator[None]:
    """Teach the quantizer two operations it would leave as float islands without a word.

    DEPTH_TO_SPACE only moves values, as SPACE_TO_DEPTH does; REDUCE_MAX picks values, as REDUCE_MIN does: their scale
    and zero point go in as they come out. So each takes the other's rules.
    """
    _check_quantizer()
    code, rule = qtyping.BuiltinOperator, qtyping.TFLOperationName
    table = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    added = {code.DEPTH_TO_SPACE: rule.SPACE_TO_DEPTH, code.REDUCE_MAX: rule.REDUCE_MIN}
    tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME = immutabledict({**table, **added})
    try:
        yield
    finally:
        tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME = table


def _statistics(prepared: Prepared) -> dict[str, dict[str, np.ndarray]]:
    """Ranges of activations and weights.

    Left out, the quantizer takes the weights' own: a zero filter's bias overflows, and rounded weights leave their
    grid.
    """
    limits = {name: LARGEST_WEIGHT * steps.reshape(-1, 1, 1, 1) for name, steps in prepared.steps.items()}
    activations = {name: _statistic(np.array(r.low), np.array(r.high)) for name, r in prepared.ranges.items()}
    return activations | {name: _statistic(-limit, limit) for name, limit in limits.items()}


def _statistic(low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    return {"min": low.reshape(-1, 1, 1, 1), "max": high.reshape(-1, 1, 1, 1)}


def _quantize(worker: quantizer.Quantizer, statistics: Mapping[str, object] | None) -> Graph:
    """Run the quantizer, and store what its model shares once."""
    with _quiet():
        result = worker.quantize(statistics, enable_progress_bar=False, enable_progress_report=False)
    graph = Graph.parse(bytes(result.quantized_model))
    graph.share_buffers()
    return graph


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back a progress bar that can't be switched off, and remarks on memory and on shared weights."""
    root, silent = logging.getLogger(), logging.NullHandler()
    # Without a handler, its logging.warning would install one for the whole process.
    root.addHandler(silent)
    disabled = root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.filterwarnings("ignore", message=r".*experimental_preserve_all_tensors", category=UserWarning)
            yield
    finally:
        logging.disable(disabled)
        root.removeHandler(silent)
