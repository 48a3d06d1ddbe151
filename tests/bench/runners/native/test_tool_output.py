"""The output of benchmark_model in every published form."""

from pathlib import Path
from typing import NamedTuple

import pytest

from lwisp_bench.errors import NativeToolError
from lwisp_bench.runners.native.tool_output import parse_output

FORMS = Path(__file__).parent / "tool_outputs"
"""Outputs in the forms that benchmark_model has had: synthetic figures in the lines of its sources."""


class Expected(NamedTuple):
    runs: int
    mean_us: float
    median_us: float | None
    first_us: float
    prepare_ms: float
    peak_mib: float | None
    delegate: str | None


def text_of(form: str) -> str:
    return (FORMS / f"{form}.txt").read_text()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("2018", Expected(15, 66767.5, None, 120500, 9.5, None, None)),
        ("2020", Expected(50, 33209.4, None, 49000, 0.85, None, None)),
        ("2022", Expected(1694, 35134.9, None, 637000, 842.25, 74.5, "GPU")),
        ("2024", Expected(337, 2942.27, 2781, 2761, 6.395, None, "XNNPACK")),
        ("android-log", Expected(337, 2942.27, 2781, 2761, 6.395, None, "XNNPACK")),
        ("litert", Expected(10, 7430200, 7430100, 7441040, 23744.7, 412.5, None)),
    ],
)
def test_every_published_form_is_read(form: str, expected: Expected) -> None:
    output = parse_output(text_of(form))
    peak = None if output.peak_bytes is None else output.peak_bytes / 2**20
    steady, warm_up = output.steady, output.warm_up
    figures = (steady.count, steady.mean_us, steady.median_us, warm_up.first_us, output.prepare_ms)
    assert (*figures, peak, output.delegate) == expected
    assert steady.min_us <= steady.mean_us <= steady.max_us


def test_profiles_are_read_with_and_without_start_times() -> None:
    old, new = parse_output(text_of("2020")).profile, parse_output(text_of("2024")).profile
    assert old is not None
    assert [(op.kind, op.mean_ms, op.times_called, op.name) for op in old] == [
        ("CONV_2D", 20.957, 1, "[features/Relu, more]:0"),
        ("RESIZE_NEAREST", 12.275, 2, "[up]:1"),
    ]
    assert new is not None
    assert [(op.kind, op.mean_ms, op.times_called) for op in new] == [
        ("QUANTIZE", 0.203, 1),
        ("Convolution (NHWC, QC8) IGEMM", 0.407, 1),
        ("Convolution (NHWC, QC8) DWConv", 0.051, 13),
    ]
    assert parse_output(text_of("2022")).profile is None


def test_delegated_nodes_are_read() -> None:
    (gpu,) = parse_output(text_of("2022")).replaced
    assert (gpu.delegate, gpu.nodes, gpu.of_nodes, gpu.partitions) == ("TfLiteGpuDelegateV2", 58, 60, 2)
    (xnnpack,) = parse_output(text_of("android-log")).replaced
    assert (xnnpack.nodes, xnnpack.of_nodes) == (66, 66)


def test_the_requested_delegate_comes_first() -> None:
    xnnpack_too = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n" + text_of("2022")
    assert parse_output(xnnpack_too).delegate == "GPU, XNNPACK"


@pytest.mark.parametrize("text", ["", "Usage: benchmark_model <flags>", text_of("2024").partition("count=337")[0]])
def test_an_unfinished_output_is_refused(text: str) -> None:
    with pytest.raises(NativeToolError, match="lines `count="):
        parse_output(text)


def test_no_runs_are_refused() -> None:
    with pytest.raises(NativeToolError, match="0 times"):
        parse_output("count=0\ncount=0\n")
