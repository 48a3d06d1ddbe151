"""Peers: ONNX Runtime's INT8, TensorFlow's, and our INT8 in tflite-runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.conversion.environment import Tool, is_made
from lwisp_export.drift.stage_drift import measure_drift
from lwisp_export.peers.comparison import LIKE_FOR_LIKE, Peers, Quantiser, Runtimes, compare_runtimes, table
from lwisp_export.peers.environments import quantize_by_tensorflow, tensorflow_tool, tflite_runtime_tool
from lwisp_export.peers.onnxruntime_int8 import quantize_onnx
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.synthesis.tiles import Tile
from lwisp_export.verification.stages import onnx_run
from lwisp_mobile import shipped_bundle
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.progress import silent
from tests.export.chain_models import calibration_tiles, float_graph, float_model, onnx_model, psnr_db, run, tile

UNSEEN = [tile(seed) for seed in (20, 21)]


def needs(tool: Callable[[], Tool]) -> pytest.MarkDecorator:
    reason = f"{tool().title}'s environment isn't made: run lwisp peers once"
    return pytest.mark.skipif(not is_made(tool()), reason=reason)


def against_float(pictures: list[np.ndarray]) -> float:
    return psnr_db(np.stack(pictures), np.stack([run(float_model(), t) for t in UNSEEN]))


def test_onnx_runtime_quantises_the_students_onnx(tmp_path: Path) -> None:
    (tmp_path / "float.onnx").write_bytes(onnx_model())
    int8 = quantize_onnx(tmp_path / "float.onnx", calibration_tiles())
    (tmp_path / "int8.onnx").write_bytes(int8)
    assert len(int8) < 0.5 * len(onnx_model())
    run_onnx = onnx_run(tmp_path / "int8.onnx")
    drift_db = against_float([run_onnx(t) for t in UNSEEN])
    assert 25 < drift_db < 60


@needs(tensorflow_tool)
def test_tensorflow_and_ours_are_alike_on_equal_terms() -> None:
    theirs = quantize_by_tensorflow(float_graph(), calibration_tiles(), silent)
    ours = quantize_int8(float_graph(), calibration_tiles(), LIKE_FOR_LIKE).pack()
    assert inspect_tflite(theirs).float_islands == ()
    drifts_db = [against_float([run(model, t) for t in UNSEEN]) for model in (theirs, ours)]
    assert abs(drifts_db[0] - drifts_db[1]) < 0.5


@needs(tflite_runtime_tool)
def test_tflite_runtime_gives_nearly_the_same_picture() -> None:
    tiles = (Tile("t", tile(20, 64, 64)),)
    found = compare_runtimes(shipped_bundle(), tiles, silent)
    assert found.psnr_db is None or found.psnr_db > 45
    assert found.largest_difference < 16


def test_the_table_has_a_line_for_every_peer() -> None:
    picture = np.full((16, 16, 3), 0.5, np.float32)
    drift = measure_drift(lambda _packed: picture + np.float32(0.01), [picture], [Tile("t", picture)])
    found = Peers(
        (Quantiser("one", "LiteRT", 1000, drift), Quantiser("two", "other", 10, drift)), Runtimes(0.25, 3, None)
    )
    lines = list(table(found))
    assert len(lines) == 4
    assert "40.00 dB" in lines[1]
    assert lines[-1].endswith("25.00% of the values differ, by at most 3 steps; pictures equal")
