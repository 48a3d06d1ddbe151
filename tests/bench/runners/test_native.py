"""The native runner: every published form of its output, and the whole flow with a stand-in for the tool."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest

from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.file import read_results
from lwisp_bench.results.schema import shipped_schema
from lwisp_bench.runners.native.printed import read_printed
from lwisp_bench.runners.native.runner import limit_flags, native_tool
from lwisp_bench.suite.setups import MODES
from lwisp_mobile.cli.main import main
from tests.bench.other_models import add_model

FORMS = Path(__file__).parents[1] / "native_forms"
"""Outputs in the forms that benchmark_model has had; the figures are made, the lines are those of its sources."""
DOUBLE = Path(__file__).parents[1] / "benchmark_model_double.py"


class Told(NamedTuple):
    runs: int
    mean_us: float
    median_us: float | None
    first_us: float
    prepare_ms: float
    peak_mib: float | None
    delegate: str | None


def text_of(form: str) -> str:
    return (FORMS / f"{form}.txt").read_text()


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """The stand-in, run by this Python."""
    path = tmp_path / "benchmark_model"
    path.write_text(DOUBLE.read_text().replace("/usr/bin/env python3", sys.executable))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "add.tflite"
    path.write_bytes(add_model("int8", (1, 8, 8, 4)))
    return path


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("2018", Told(15, 66767.5, None, 120500, 9.5, None, None)),
        ("2020", Told(50, 33209.4, None, 49000, 0.85, None, None)),
        ("2022", Told(1694, 35134.9, None, 637000, 842.25, 74.5, "GPU")),
        ("2024", Told(337, 2942.27, 2781, 2761, 6.395, None, "XNNPACK")),
        ("android-log", Told(337, 2942.27, 2781, 2761, 6.395, None, "XNNPACK")),
        ("litert", Told(10, 7430200, 7430100, 7441040, 23744.7, 412.5, None)),
    ],
)
def test_every_published_form_is_read(form: str, told: Told) -> None:
    printed = read_printed(text_of(form))
    peak = None if printed.peak_bytes is None else printed.peak_bytes / 2**20
    steady, warm_up = printed.steady, printed.warm_up
    figures = (steady.count, steady.mean_us, steady.median_us, warm_up.first_us, printed.prepare_ms)
    assert (*figures, peak, printed.delegate) == told
    assert steady.min_us <= steady.mean_us <= steady.max_us


def test_profiles_are_read_with_and_without_start_times() -> None:
    old, new = read_printed(text_of("2020")).profile, read_printed(text_of("2024")).profile
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
    assert read_printed(text_of("2022")).profile is None


def test_what_delegates_took_is_read() -> None:
    (gpu,) = read_printed(text_of("2022")).replaced
    assert (gpu.delegate, gpu.nodes, gpu.of_nodes, gpu.partitions) == ("TfLiteGpuDelegateV2", 58, 60, 2)
    (xnnpack,) = read_printed(text_of("android-log")).replaced
    assert (xnnpack.nodes, xnnpack.of_nodes) == (66, 66)


def test_the_delegate_that_was_asked_for_comes_first() -> None:
    xnnpack_too = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n" + text_of("2022")
    assert read_printed(xnnpack_too).delegate == "GPU, XNNPACK"


@pytest.mark.parametrize("text", ["", "Usage: benchmark_model <flags>", text_of("2024").partition("count=337")[0]])
def test_an_unfinished_output_is_refused(text: str) -> None:
    with pytest.raises(NativeToolError, match="lines `count="):
        read_printed(text)


def test_no_runs_are_refused() -> None:
    with pytest.raises(NativeToolError, match="0 times"):
        read_printed("count=0\ncount=0\n")


def test_the_modes_in_the_tools_words() -> None:
    quick, official = limit_flags(MODES["quick"]), limit_flags(MODES["official"])
    assert quick[:3] == ["--num_runs=100", "--min_secs=0.0", "--max_secs=10"]
    assert official[:2] == ["--num_runs=1024", "--min_secs=60"]
    assert float(official[2].partition("=")[2]) > 1024


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(NativeToolError, match="isn't a program"):
        native_tool(b"PK\3\4", ())


def test_the_whole_flow_with_a_stand_in(
    tool: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "r.json"
    words = ["bench", "run", str(model), "--native", str(tool), "--runs", "30", "--no-gate", "-o", str(output)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 outputs have this host's bits" in printed
    assert "unknown: benchmark_model keeps no samples" in printed
    (record,) = read_results(output).records
    measurement = record.measurement
    assert measurement is not None
    assert record.setup.runner == "native"
    assert measurement.worker.samples.wall_ms == ()
    assert measurement.summary.runs == 30
    assert measurement.summary.p90_ms is None
    assert measurement.summary.p50_ms is not None
    assert measurement.worker.memory.peak_bytes == 12.5 * 2**20
    assert measurement.worker.profile is not None
    assert [op.kind for op in measurement.worker.profile] == ["TfLiteXNNPackDelegate"]
    assert measurement.worker.runtime.delegate == "XNNPACK"
    assert measurement.worker.coverage_error == "the tool doesn't tell"
    jsonschema.validate(json.loads(output.read_text()), json.loads(shipped_schema()))
    assert main(words) == 0
    assert "measured before" in capsys.readouterr().out
    tool.write_text(tool.read_text() + "# another build\n")
    main(words)
    assert len(read_results(output).records) == 2, "another tool is another case"
    assert main(["bench", "report", str(output), "-o", str(tmp_path / "r.html")]) == 0
    assert "TfLiteXNNPackDelegate" in (tmp_path / "r.html").read_text()
    assert main(["bench", "compare", str(output), str(output)]) == 2
    assert "kept no samples" in capsys.readouterr().err


def test_a_student_is_fed_its_codes_and_its_picture_compared(tool: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.json"
    words = ["--native", str(tool), "--size", "32", "--runs", "5", "--affinity", "0", "--no-gate"]
    assert main(["bench", "run", *words, "-o", str(output)]) == 0
    (record,) = read_results(output).records
    assert record.measurement is not None
    assert [check.bit_equal for check in record.measurement.checks] == [True]
    assert len(record.measurement.drifts) == 1
    assert record.measurement.worker.cpus == (0,)


def test_a_tool_that_fails_is_a_failed_case_with_its_own_words(tool: Path, model: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.json"
    words = ["--native", str(tool), "--native-flag=--use_gpu=true", "--no-gate", "-o", str(output)]
    assert main(["bench", "run", str(model), *words]) == 2
    (record,) = read_results(output).records
    assert record.failure is not None
    assert record.failure.kind == "NativeToolError"
    assert "GPU delegate isn't supported" in record.failure.message


def test_a_tool_of_another_processor_is_named(model: Path, tmp_path: Path) -> None:
    tool, output = tmp_path / "tool", tmp_path / "r.json"
    tool.write_bytes(b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xb7\0" + bytes(44))
    assert main(["bench", "run", str(model), "--native", str(tool), "--no-gate", "-o", str(output)]) == 2
    (record,) = read_results(output).records
    assert record.failure is not None
    assert "another processor" in record.failure.message


def test_a_tool_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "--native", "nowhere"]) == 2
    assert "nowhere can't be read" in capsys.readouterr().err


def test_instructions_of_a_native_tool_are_refused(tool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", "--native", str(tool), "--clock", "insn"]) == 2
    assert "leave one of the two out" in capsys.readouterr().err
