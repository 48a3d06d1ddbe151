"""The native runner, end to end with a fake tool."""

import hashlib
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.setup import MODES
from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.results_file import read_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.runners.native.benchmark_model import limit_flags
from lwisp_bench.runners.native.tool import ADDRESS_VARIABLE, GPU_LIBRARY, read_tool
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
    quick, official = limit_flags(MODES["quick"], 20), limit_flags(MODES["official"], 20)
    assert quick[:3] == ["--num_runs=5", "--min_secs=0.0", "--max_secs=0.5"]
    assert official[:2] == ["--num_runs=52", "--min_secs=3.0"]
    assert float(official[2].partition("=")[2]) > 520


def test_a_file_that_is_no_program_is_refused(model: Path) -> None:
    with pytest.raises(NativeToolError, match="isn't a program"):
        read_tool(model)


def test_end_to_end_with_a_fake_tool(
    tool: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "r.json"
    words = [
        "bench",
        "run",
        str(model),
        "--native",
        str(tool),
        "--runs",
        "30",
        "--launches",
        "3",
        "--no-gate",
        "-o",
        str(output),
    ]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 outputs bit-equal to this host's" in printed
    (record,) = read_results(output).records
    measurement = record.measurement
    assert measurement is not None
    assert record.setup.runner == "native"
    assert len(measurement.worker.samples.wall_ms) == measurement.summary.runs == 3
    assert measurement.worker.runtime.version is not None
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
    assert main(["bench", "compare", str(output), str(output)]) == 3
    assert "at least 20 are needed" in capsys.readouterr().out


def test_a_students_inputs_are_quantised_and_its_picture_compared(tool: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.json"
    words = ["--native", str(tool), "--size", "32", "--runs", "5", "--launches", "1", "--affinity", "0", "--no-gate"]
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


LITERT = """#!/bin/sh
# A double of LiteRT's own tool, which knows neither inputs nor outputs and runs the size that the file holds.
for flag in "$@"; do case $flag in
  --graph=*|--num_threads=*|--num_runs=*|--min_secs=*|--max_secs=*|--warmup_*) ;;
  --use_gpu=true) gpu=yes ;;
  --use_cpu=false|--require_full_delegation=*) ;;
  *) unknown="$unknown $flag" ;;
esac; done
[ -n "$unknown" ] && echo "WARN: Unconsumed cmdline flags:$unknown"
SIGN
echo "INFO: Initialized session in 2.5ms."
echo "INFO: count=5 first=1500 curr=1400 min=1400 max=1500 avg=1450 std=50 p5=1400 median=1450 p95=1500"
echo "INFO: count=9 first=1410 curr=1400 min=1390 max=1500 avg=1430 std=50 p5=1400 median=1420 p95=1500"
"""
GPU_SIGN = (
    '[ "$gpu" ] && echo "INFO: Dynamically loaded GPU accelerator(libLiteRtClGlAccelerator.so)"\n'
    'echo "INFO: Replacing {taken} out of 1 node(s) with delegate (LITERT_CL) node, yielding 1 partitions"'
)


def litert(folder: Path, sign: str = ":") -> Path:
    path = folder / "litert_benchmark_model"
    path.write_text(LITERT.replace("SIGN", sign))
    return path


def measure(tool: Path | str, model: Path, output: Path, *words: str) -> int:
    return main(["bench", "run", str(model), "--native", str(tool), "--no-gate", "-o", str(output), *words])


def test_litert_s_own_dialect_is_spoken_and_its_launches_are_compared(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "r.json"
    assert measure(litert(tmp_path), model, output) == 0
    (record,) = read_results(output).records
    assert record.measurement is not None
    assert record.measurement.worker.samples.wall_ms == (1.42,) * 20
    assert record.measurement.checks_error == "the tool writes no outputs"
    assert main(["bench", "compare", str(output), str(output)]) == 0
    assert "equal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sign", "words", "named"),
    [
        (":", ["--native-flag=--enable_op_profiling=true"], "ignored --enable_op_profiling=true"),
        (":", ["--native-flag=--use_gpu=true"], "names none but the CPU's"),
        (GPU_SIGN.format(taken=0), ["--native-flag=--use_gpu=true"], "LITERT_CL took 0 of 1 nodes"),
    ],
    ids=["a flag it doesn't know", "no GPU in fact", "a part of the nodes"],
)
def test_what_is_not_the_case_that_was_asked_for_is_never_a_number(
    model: Path, tmp_path: Path, sign: str, words: list[str], named: str
) -> None:
    output = tmp_path / "r.json"
    assert measure(litert(tmp_path, sign), model, output, *words) == 2
    (record,) = read_results(output).records
    assert (record.measurement, record.status) == (None, "failed")
    assert record.failure is not None
    assert named in record.failure.message


def test_a_gpu_that_takes_everything_is_a_number_with_its_coverage(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = litert(tmp_path, GPU_SIGN.format(taken=1))
    words = ["--native-flag=--use_gpu=true", "--launches", "2"]
    assert measure(tool, model, tmp_path / "r.json", *words) == 0
    assert "GPU runs 1 of 1 nodes in 1 partitions" in capsys.readouterr().out
    partial = ["--native-flag=--require_full_delegation=false", *words]
    litert(tmp_path, GPU_SIGN.format(taken=0))
    assert measure(tool, model, tmp_path / "r.json", *partial) == 0
    assert "GPU runs 0 of 1 nodes" in capsys.readouterr().out


def test_a_tool_that_runs_another_size_is_refused(tool: Path, tmp_path: Path) -> None:
    ignores = 'flags["input_layer_shape"].split(":")'
    tool.write_text(
        tool.read_text().replace(ignores, '["1,8,8,4", "1,8,8,4"]').replace("np.fromfile(", "np.resize(np.fromfile(")
    )
    text = tool.read_text().replace(', detail["dtype"])', ', detail["dtype"]), tuple(detail["shape"]))')
    tool.write_text(text)
    model, output = tmp_path / "add.tflite", tmp_path / "r.json"
    model.write_bytes(add_model("int8", (1, 4, 4, 4)))
    assert measure(tool, model, output, "--launches", "1") == 2
    (record,) = read_results(output).records
    assert record.failure is not None
    assert "another size" in record.failure.message


def test_libraries_lie_beside_the_tool(model: Path, tmp_path: Path) -> None:
    library = tmp_path / "libaccelerator.so"
    library.write_bytes(b"library")
    looks = 'cat "$LD_LIBRARY_PATH/libaccelerator.so" | grep -q library || exit 3'
    words = ["--native-library", str(library), "--launches", "1"]
    assert measure(litert(tmp_path, looks), model, tmp_path / "r.json", *words) == 0


def test_the_prebuilt_tool_is_fetched_by_version_and_recorded_by_hash(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(ADDRESS_VARIABLE, f"file://{tmp_path}/binaries")
    output = tmp_path / "r.json"
    assert measure("fetch", model, output, "--launches", "1") == 2
    assert "can't be downloaded" in capsys.readouterr().out
    platform = "linux_x86_64" if os.uname().machine == "x86_64" else "linux_arm64"
    folder = tmp_path / "binaries" / version("ai-edge-litert") / platform
    folder.mkdir(parents=True)
    (folder / "benchmark_model").write_bytes(litert(tmp_path, GPU_SIGN.format(taken=1)).read_bytes())
    (folder / GPU_LIBRARY).write_bytes(b"library")
    words = ["--launches", "1", "--native-flag=--use_gpu=true"]
    assert measure("fetch", model, output, *words) == 0
    found = read_results(output).records[-1].measurement
    assert found is not None
    digest = hashlib.sha256((folder / "benchmark_model").read_bytes()).hexdigest()
    assert found.worker.runtime.version == f"{version('ai-edge-litert')}, sha256 {digest[:16]}"


@pytest.mark.parametrize(("heavier", "code"), [(False, 0), (True, 1)], ids=["equal models", "a slower one"])
def test_two_models_are_compared_in_turns(model: Path, tmp_path: Path, heavier: bool, code: int) -> None:
    """The double prints longer times for the graph whose hash, its name on the device, it's told."""
    other = tmp_path / "other.tflite"
    other.write_bytes(add_model("int8", (1, 8, 8, 5)))
    name = hashlib.sha256(other.read_bytes()).hexdigest() if heavier else "none"
    slower = (
        f'case "$*" in *{name}*) set -- slow; for s in 1 2; do echo "count=9 curr=9000 median=9000"; done; exit;; esac'
    )
    tool = litert(tmp_path, slower)
    assert main(["bench", "ab", str(model), str(other), "--native", str(tool), "--rounds", "12", "--no-gate"]) == code
