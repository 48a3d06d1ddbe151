"""fp16 weights and int8."""

import logging
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import onnx
import pytest
from ai_edge_quantizer.utils import tfl_flatbuffer_utils

from lwisp_export.conversion.graph_cleanup import clean_float_model
from lwisp_export.errors import QuantizationError
from lwisp_export.quantization import quantizer as quantize
from lwisp_export.quantization.equalization import equalize
from lwisp_export.quantization.quantizer import quantize_fp16, quantize_int8
from lwisp_export.quantization.ranges import Range, measure_ranges
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite
from lwisp_mobile.tflite.graph import Graph
from tests.export.chain_models import (
    calibration_tiles,
    convert,
    float_graph,
    float_model,
    fp16_model,
    int8_model,
    onnx_model,
    psnr_db,
    run,
    tile,
)

GATE_DB = 50.0
"""This random student's int8 against its float gives 51.5 dB; weights to their nearest codes 49.4."""
TO_RGB_VALUES, JOIN_VALUES = 12 * (4 * 4 * 8 + 1), 12 * (24 + 1)
"""What splitting the output adds to a student of width 8: the last filters once more, and a 1x1 convolution."""


def _pooled_db(model: bytes, reference: bytes, tiles: list[np.ndarray]) -> float:
    found = np.stack([run(model, t) for t in tiles])
    return psnr_db(found, np.stack([run(reference, t) for t in tiles]))


def test_int8_interface() -> None:
    facts = inspect_tflite(int8_model())
    (source,), (result,) = facts.inputs, facts.outputs
    assert (source.name, source.dtype, source.zero_point) == ("packed", "int8", -128)
    assert source.scale == pytest.approx(1 / 255, rel=1e-6)
    assert (result.name, result.dtype, result.scale, result.zero_point) == ("rgb", "int8", 1 / 256, -128)


def test_int8_is_int8_throughout_and_one_partition() -> None:
    facts, coverage = inspect_tflite(int8_model()), delegate_coverage(int8_model())
    assert facts.float_islands == ()
    assert {op.dtype for op in facts.ops} == {"int8"}
    assert facts.parameters == inspect_tflite(float_model()).parameters + TO_RGB_VALUES + JOIN_VALUES
    assert (coverage.delegated_nodes, coverage.total_nodes, coverage.partitions) == (112, 112, 1)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80)])
def test_int8_is_near_float(height: int, width: int) -> None:
    unseen = [tile(seed, height, width) for seed in range(20, 28)]
    assert _pooled_db(int8_model(), float_model(), unseen) > GATE_DB


def test_fp16_is_half_the_size_and_nearly_exact() -> None:
    facts = inspect_tflite(fp16_model())
    assert len(fp16_model()) < 0.55 * len(float_model())
    assert [t.dtype for t in (*facts.inputs, *facts.outputs)] == ["float32", "float32"]
    assert facts.parameters == inspect_tflite(float_model()).parameters
    assert _pooled_db(fp16_model(), float_model(), [tile(20), tile(21)]) > 70
    assert delegate_coverage(fp16_model()).undelegated == ()


def test_equal_arguments_give_equal_bytes() -> None:
    assert quantize_int8(float_graph(), calibration_tiles()).pack() == int8_model()
    assert quantize_fp16(float_graph()).pack() == fp16_model()


def test_one_bright_tile_among_dark_ones_is_not_forgotten() -> None:
    dark = [tile(seed) for seed in range(0, 32, 4)]
    bright = tile(3)
    alone, all_tiles = (measure_ranges(float_graph(), tiles) for tiles in ([bright], [*dark[:4], bright, *dark[4:]]))
    assert all(all_tiles[name].high >= found.high and all_tiles[name].low <= found.low for name, found in alone.items())
    model = quantize_int8(float_graph(), [*dark[:4], bright, *dark[4:]]).pack()
    assert _pooled_db(model, float_model(), [bright]) > GATE_DB - 3


def test_all_inputs_of_a_concatenation_have_one_scale() -> None:
    joins = [operator for operator in Graph.parse(int8_model()).operators if operator.kind == "CONCATENATION"]
    assert len(joins) == 12
    for join in joins:
        grids = [tensor.quantization for tensor in (*join.inputs, *join.outputs)]
        assert len({(float(grid.scales[0]), int(grid.zero_points[0])) for grid in grids if grid is not None}) == 1
        assert None not in grids


def _changed(change: Callable[[dict[str, np.ndarray]], None]) -> Graph:
    """The float model of the student with other weights. change: edits them in place, by torch's names."""
    model = onnx.load_from_string(onnx_model())
    weights = {t.name: onnx.numpy_helper.to_array(t).copy() for t in model.graph.initializer}
    change(weights)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(onnx.numpy_helper.from_array(weights[tensor.name], tensor.name))
    return clean_float_model(Graph.parse(convert(model.SerializeToString())))


def _kill_units(weights: dict[str, np.ndarray]) -> None:
    weights["p2.channel.squeeze.bias"][:] = -1000  # the range of its units is exactly 0
    weights["c1.0.0.weight"][3] = 0  # a filter of zeros with a bias
    weights["c1.0.0.bias"][3] = 0.3
    weights["c3.0.0.bias"][:] = -1000  # a whole layer


@pytest.mark.slow
def test_dead_units_load_and_are_delegated() -> None:
    model = _changed(_kill_units)
    int8 = quantize_int8(model, calibration_tiles()).pack()
    coverage = delegate_coverage(int8)
    assert (coverage.partitions, coverage.undelegated) == (1, ())
    assert _pooled_db(int8, model.pack(), [tile(20), tile(21)]) > GATE_DB


def _shout(weights: dict[str, np.ndarray]) -> None:
    """Make the last decoder block 100 times louder than the skip beside it; the picture stays."""
    for name in ("u3.refine.0.weight", "u3.refine.0.bias"):
        weights[name] *= 100
    weights["c9.0.weight"][:, :8] /= 100


@pytest.mark.slow
def test_a_decoder_far_louder_than_its_skip_keeps_its_quality() -> None:
    tiles = [tile(20), tile(21)]
    loud = _changed(_shout)
    assert _pooled_db(loud.pack(), float_model(), tiles) > 100
    plain = _pooled_db(int8_model(), float_model(), tiles)
    assert _pooled_db(quantize_int8(loud, calibration_tiles()).pack(), float_model(), tiles) > plain - 3


def test_equalising_changes_scales_but_not_the_picture() -> None:
    even = equalize(float_graph(), calibration_tiles(), 0.75).pack()
    assert even != float_model()
    packed = tile(20, 48, 80)
    np.testing.assert_allclose(run(even, packed), run(float_model(), packed), atol=2e-5)


def test_leaky_relu_is_refused() -> None:
    with pytest.raises(QuantizationError, match="LEAKY_RELU"):
        quantize_int8(float_graph("leaky_relu"), calibration_tiles())


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        ([], "no calibration tiles"),
        ([np.zeros((64, 64, 3), np.float32)], r"tile 0 has shape \(64, 64, 3\)"),
        ([np.zeros((64, 40, 4), np.float32)], "multiples of 16"),
        ([np.zeros((1, 64, 64, 4), np.float32)], r"must be \(h, w, 4\)"),
        ([tile(0), np.full((64, 64, 4), np.nan, np.float32)], "tile 1 has values from nan"),
        ([np.full((64, 64, 4), 1.5, np.float32)], r"must be in \[0, 1\]"),
    ],
)
def test_unusable_tiles_are_named(tiles: list[np.ndarray], words: str) -> None:
    with pytest.raises(QuantizationError, match=words):
        quantize_int8(float_graph(), tiles)


def test_the_quantizers_table_is_restored() -> None:
    before = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    with quantize._missing_operations():
        assert len(tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME) == len(before) + 2
    assert tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME is before
    with pytest.raises(QuantizationError, match="aren't finite"), quantize._missing_operations():
        raise QuantizationError("aren't finite")
    assert tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME is before


def test_another_quantizer_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version("ai-edge-quantizer") == quantize.QUANTIZER_VERSION
    monkeypatch.setattr(quantize, "version", lambda name: "0.11.0")
    with pytest.raises(QuantizationError, match=r"ai-edge-quantizer 0\.11\.0 .*0\.10\.0"):
        quantize_int8(float_graph(), calibration_tiles())


def test_nothing_is_printed_and_logging_stays_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger().handlers), logging.root.manager.disable
    quantize_fp16(float_graph())
    quantize_int8(float_graph(), [tile(0)])
    assert (list(logging.getLogger().handlers), logging.root.manager.disable) == before
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_ranges_widen_in_proportion_and_keep_zero() -> None:
    assert Range(-1.0, 3.0).widen(8 / 255) == Range(-2.0, 6.0)
    assert Range(-1.0, 3.0).widen(0.0) == Range(-1.0, 3.0)
    assert Range(0.0, 0.0).widen(1 / 255) == Range(0.0, 1.0)
