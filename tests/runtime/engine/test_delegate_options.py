"""Options of LiteRT's accelerators, in its own classes."""

import pytest
from ai_edge_litert import compiled_model

from lwisp_mobile.engine.delegate_options import compile_options
from lwisp_mobile.errors import UsageError


def test_options_reach_the_fields_that_they_name() -> None:
    gpu = compile_options(compiled_model, "gpu", [("precision", "fp32"), ("benchmark_mode", "true")])
    assert gpu == {"gpu_options": compiled_model.GpuOptions(enforce_f32=True, benchmark_mode=True)}
    npu = compile_options(
        compiled_model,
        "npu",
        [("openvino.graph_backend", "CPU"), ("qualcomm.vtcm_size", "4"), ("qualcomm.dlc_dir", "a")],
    )
    assert npu["intel_openvino_options"].graph_backend == 0
    assert (npu["qualcomm_options"].vtcm_size, npu["qualcomm_options"].dlc_dir) == (4, "a")
    assert compile_options(compiled_model, "cpu", []) == {}


@pytest.mark.parametrize(
    ("accelerator", "key", "value", "message"),
    [
        ("gpu", "precision", "fp64", "none of fp16, fp32"),
        ("gpu", "speed", "high", "There is no option speed; there are: enforce_f32"),
        ("gpu", "benchmark_mode", "1", "choose true, false"),
        ("npu", "graph_backend", "CPU", "is neither"),
        ("npu", "openvino.graph_backend", "TPU", "openvino.graph_backend=TPU: choose CPU, GPU, NPU"),
        ("npu", "qualcomm.vtcm_size", "big", "it takes int"),
        ("npu", "openvino.configs_map", "a", "can't be given here"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(accelerator: str, key: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_options(compiled_model, accelerator, [(key, value)])
