"""The native runner, end to end with a fake tool."""

import json
import sys
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.setup import MODES
from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.results_file import read_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.runners.native.benchmark_model import limit_flags, read_tool
from lwisp_mobile.cli.main import main
from tests.bench.small_models import add_model

FAKE = Path(__file__).parent / "fake_benchmark_model.py"


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """The fake, run by this Python."""
    path = tmp_path / "benchmark_model"
    path.write_text(FAKE.read_text().replace("/usr/bin/env python3", sys.executable))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "add.tflite"
    path.write_bytes(add_model("int8", (1, 8, 8, 4)))
    return path


def test_modes_as_the_tools_flags() -> None:
    quick, official = limit_flags(MODES["quick"]), limit_flags(MODES["official"])
    assert quick[:3] == ["--num_runs=100", "--min_secs=0.0", "--max_secs=10"]
    assert official[:2] == ["--num_runs=1024", "--min_secs=60"]
    assert float(official[2].partition("=")[2]) > 1024


def test_a_file_that_is_no_program_is_refused(model: Path) -> None:
    with pytest.raises(NativeToolError, match="isn't a program"):
        read_tool(model)


def test_end_to_end_with_a_fake_tool(
    tool: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "r.json"
    words = ["bench", "run", str(model), "--native", str(tool), "--runs", "30", "--no-gate", "-o", str(output)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 outputs bit-equal to this host's" in printed
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
    assert measurement.worker.coverage_error == "not reported by the tool"
    jsonschema.validate(json.loads(output.read_text()), results_schema())
    assert main(words) == 0
    assert "measured before" in capsys.readouterr().out
    tool.write_text(tool.read_text() + "# another build\n")
    main(words)
    assert len(read_results(output).records) == 2, "another tool is another case"
    assert main(["bench", "report", str(output), "-o", str(tmp_path / "r.html")]) == 0
    assert "TfLiteXNNPackDelegate" in (tmp_path / "r.html").read_text()
    assert main(["bench", "compare", str(output), str(output)]) == 2
    assert "kept no samples" in capsys.readouterr().err


def test_a_students_inputs_are_quantised_and_its_picture_compared(tool: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.json"
    words = ["--native", str(tool), "--size", "32", "--runs", "5", "--affinity", "0", "--no-gate"]
    assert main(["bench", "run", *words, "-o", str(output)]) == 0
    (record,) = read_results(output).records
    assert record.measurement is not None
    assert [check.bit_equal for check in record.measurement.checks] == [True]
    assert len(record.measurement.drifts) == 1
    assert record.measurement.worker.cpus == (0,)


def test_a_failing_tool_is_a_failed_case_with_its_message(tool: Path, model: Path, tmp_path: Path) -> None:
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
