"""A float .tflite to fp16 weights or to int8: the only module that knows the quantizer."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version
from typing import Any

import numpy as np
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer
from ai_edge_quantizer.utils import tfl_flatbuffer_utils
from immutabledict import immutabledict

from lwisp_export.equalize import equalize
from lwisp_export.errors import QuantizationError
from lwisp_export.ranges import measure_ranges
from lwisp_export.scales import settle_ranges, weight_scales
from lwisp_export.tflite_writer import pack_tflite, share_buffers
from lwisp_mobile.tflite_file import operator_name, parse_tflite, text

QUANTIZER_VERSION = "0.10.0"
"""The release whose internals `_missing_operations` patches."""

_ALL = (".*", qtyping.TFLOperationName.ALL_SUPPORTED)


def quantize_fp16(float_model: bytes) -> bytes:
    """Store the weights as float16; activations stay float32. Half the size at about 97 dB."""
    worker = quantizer.Quantizer(bytearray(float_model))
    casting = algorithm_manager.AlgorithmName.FLOAT_CASTING
    worker.add_weight_only_config(*_ALL, num_bits=16, algorithm_key=casting)
    return _quantize(worker, None)


def quantize_int8(float_model: bytes, tiles: Sequence[np.ndarray]) -> bytes:
    """Quantise statically to int8: per-channel weights, int8 input (scale 1/255, zero point -128) and output.

    float_model: a student's float .tflite (ReLU). tiles: calibration inputs, each (h, w, planes) float32 in [0, 1],
    sides multiples of 16, of every exposure up to clipped white. Equal arguments give equal bytes. Raises
    QuantizationError on other tiles or another quantizer.
    """
    _check_operations(float_model)
    even_model = equalize(float_model, tiles)
    tree = parse_tflite(even_model)
    ranges = settle_ranges(tree, measure_ranges(even_model, tiles))
    statistics = {name: _statistic(found.low, found.high) for name, found in ranges.items()} | _weight_statistics(tree)
    with _missing_operations():
        worker = quantizer.Quantizer(bytearray(even_model))
        worker.add_static_config(*_ALL, activation_num_bits=8, weight_num_bits=8)
        return _quantize(worker, statistics)


def _check_operations(float_model: bytes) -> None:
    """The quantizer would leave these float, without a word."""
    tree = parse_tflite(float_model)
    if any(operator_name(tree, operator) == "LEAKY_RELU" for operator in tree.subgraphs[0].operators):
        raise QuantizationError("The model has LEAKY_RELU, which int8 kernels lack. Train the student with relu.")


@contextmanager
def _missing_operations() -> Iterator[None]:
    """Teach the quantizer two operations it would leave as float islands without a word.

    DEPTH_TO_SPACE only moves values, as SPACE_TO_DEPTH does; REDUCE_MAX picks values, as REDUCE_MIN does: their scale
    and zero point go in as they come out. So each takes the other's rules.
    """
    found = version("ai-edge-quantizer")
    if found != QUANTIZER_VERSION:
        raise QuantizationError(
            f"ai-edge-quantizer {found} is installed; int8 needs {QUANTIZER_VERSION}, whose table is patched. "
            f"Run: pip install ai-edge-quantizer=={QUANTIZER_VERSION}"
        )
    code, rule = qtyping.BuiltinOperator, qtyping.TFLOperationName
    table = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    added = {code.DEPTH_TO_SPACE: rule.SPACE_TO_DEPTH, code.REDUCE_MAX: rule.REDUCE_MIN}
    tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME = immutabledict({**table, **added})
    try:
        yield
    finally:
        tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME = table


def _statistic(low: float, high: float) -> dict[str, np.ndarray]:
    return {"min": np.array([[[[low]]]]), "max": np.array([[[[high]]]])}


def _weight_statistics(tree: Any) -> dict[str, dict[str, np.ndarray]]:
    """Per-filter ranges of the weights; left out, the quantizer takes its own, and a zero filter's bias overflows."""
    graph = tree.subgraphs[0]
    statistics = {}
    for operator in graph.operators:
        if operator_name(tree, operator) == "CONV_2D":
            largest = (weight_scales(tree, operator) * 127).reshape(-1, 1, 1, 1)
            statistics[text(graph.tensors[operator.inputs[1]].name)] = {"min": -largest, "max": largest}
    return statistics


def _quantize(worker: quantizer.Quantizer, statistics: Mapping[str, Any] | None) -> bytes:
    """Run the quantizer and write its model like every other: shared data once, aligned."""
    with _quiet():
        result = worker.quantize(statistics, enable_progress_bar=False, enable_progress_report=False)
    tree = parse_tflite(bytes(result.quantized_model))
    share_buffers(tree)
    return pack_tflite(tree)


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
