"""Delegates: refused by name where they can't be used, read back where they can, never a silent fall-back."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import Developer, RawImage, Session, shipped_bundle
from lwisp_mobile.child_process import child_environment
from lwisp_mobile.cli.main import main
from lwisp_mobile.engine.delegate_check import DelegateCheck, _check_fingerprint, check_delegate, read_back
from lwisp_mobile.engine.delegates import CompiledRunner, compile_model
from lwisp_mobile.engine.interpreter import Target, load, runner
from lwisp_mobile.errors import DelegateError, UsageError
from lwisp_mobile.tflite.graph import Graph

SIGN = 158
"""An operator's number in the schema."""
IDLE = """
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
struct delegate {
  void* data; int (*prepare)(void*, struct delegate*); void *from, *to, *release; int64_t flags; void* opaque;
};
static int prepare(void* context, struct delegate* self) { (void)context; (void)self; return 0; }
static struct delegate idle = { 0, prepare, 0, 0, 0, 0, 0 };
void* tflite_plugin_create_delegate(char** keys, char** values, size_t count, void (*report)(const char*)) {
  (void)values;
  puts("INFO: on stdout, written when the process ends");
  if (count && !strcmp(keys[0], "crash")) __builtin_trap();
  if (count) { report("unknown option"); return 0; }
  return &idle;
}
void tflite_plugin_destroy_delegate(void* self) { (void)self; }
"""
"""A delegate that takes over nothing."""


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real external delegate, compiled here."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc isn't here to compile an external delegate with")
    folder = tmp_path_factory.mktemp("delegate")
    (folder / "idle.c").write_text(IDLE)
    command = ["gcc", "-shared", "-fPIC", "-o", str(folder / "idle.so"), str(folder / "idle.c")]
    subprocess.run(command, check=True)
    return str(folder / "idle.so")


def model(precision: str = "int8") -> bytes:
    return shipped_bundle().read(precision)


def raw() -> RawImage:
    mosaic = np.random.default_rng(1).integers(64, 4000, (96, 64)).astype(np.uint16)
    return RawImage(mosaic, "RGGB", (64.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)


@pytest.mark.parametrize("name", ["gpu", "npu"])
def test_an_accelerator_that_is_not_here_is_refused_with_what_is_missing(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["time", "--size", "32", "--runs", "1", "--delegate", name])
    told = capsys.readouterr().err
    if code == 0 or "driver won't change that" in told:
        pytest.skip(f"this machine has a {name}")
    assert code == 2
    assert f"finds no {name} on this machine (" in told
    assert "Install the" in told


@pytest.mark.parametrize("command", ["time", "develop"])
def test_what_a_delegate_prints_never_reaches_the_results(command: str, idle: str, sample_dng: Path) -> None:
    chosen = {"time": ["--size", "32", "--runs", "1"], "develop": [str(sample_dng)]}[command]
    done = subprocess.run(
        [sys.executable, "-m", "lwisp_mobile", command, *chosen, "--delegate", idle, "--json"],
        capture_output=True,
        text=True,
        env=child_environment(),
        check=True,
    )
    assert json.loads(done.stdout)
    assert "INFO: on stdout" in done.stderr


@pytest.mark.parametrize(
    ("path", "message"),
    [("/nonexistent/delegate.so", "can't be opened"), (__file__, "can't be opened"), ("libm.so.6", "is no TFLite")],
)
def test_a_library_that_is_no_delegate_is_refused(path: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["time", "--size", "32", "--runs", "1", "--delegate", path]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert path in told


def test_a_delegate_that_takes_nothing_is_read_back(idle: str) -> None:
    found = check_delegate(model(), Target(delegate=idle), 1)
    assert found is not None
    assert (found.delegated_nodes, found.total_nodes) == (0, 112)
    assert "runs 0 of 112 operations; the CPU runs the rest (" in found.line
    with (
        Developer(shipped_bundle(), precision="int8", target=Target(delegate=idle)) as idling,
        Developer(shipped_bundle(), precision="int8") as plain,
    ):
        assert np.array_equal(idling.develop(raw()), plain.develop(raw()))


def test_a_delegate_that_takes_nothing_is_refused_where_it_is_required(
    idle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["time", "--size", "32", "--runs", "1", "--delegate", idle, "--require-delegate"]) == 2
    assert "runs 0 of 112 operations" in capsys.readouterr().err


def test_what_a_delegate_refuses_or_breaks_is_told(idle: str) -> None:
    with pytest.raises(DelegateError, match="refuses to start"):
        read_back(model(), Target(delegate=idle, delegate_options=(("speed", "high"),)), 1)
    with pytest.raises(DelegateError, match="crashed its worker process"):
        read_back(model(), Target(delegate=idle, delegate_options=(("crash", "1"),)), 1)


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_xnnpack_runs_all_of_the_shipped_models(precision: str) -> None:
    found = check_delegate(model(precision), Target(require_delegate=True), 1)
    assert found is not None
    assert found.whole
    assert found.float_output == (precision == "fp16")


def with_an_operation_that_xnnpack_lacks() -> bytes:
    """The float model, its first LOGISTIC a SIGN."""
    graph = Graph.parse(model("fp16"))
    codes = graph.model.operatorCodes
    logistic = next(operator.table for operator in graph.operators if operator.kind == "LOGISTIC")
    code = type(codes[0])()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = SIGN, 127, 1
    codes.append(code)
    logistic.opcodeIndex, logistic.builtinOptions, logistic.builtinOptionsType = len(codes) - 1, None, 0
    graph.model.subgraphs = graph.model.subgraphs[:1]
    graph.model.signatureDefs = (graph.model.signatureDefs or [])[:1]
    return graph.pack()


def test_a_part_that_xnnpack_does_not_run_is_refused_where_it_is_required() -> None:
    changed = with_an_operation_that_xnnpack_lacks()
    found = read_back(changed, Target(), 1)
    assert found.remaining == ("SIGN",)
    with pytest.raises(DelegateError, match=r"cpu runs 153 of 154 operations; the CPU runs the rest \(SIGN\)"):
        check_delegate(changed, Target(require_delegate=True), 1)


def test_the_cpus_bits_from_another_unit_are_not_believed() -> None:
    cpu = read_back(model("fp16"), Target(), 1)
    claimed = replace(cpu, delegate="gpu")
    with pytest.raises(DelegateError, match="the CPU's very bits"):
        _check_fingerprint(claimed, model("fp16"), Target(delegate="gpu"), 1)
    _check_fingerprint(replace(claimed, fingerprint="0" * 64), model("fp16"), Target(delegate="gpu"), 1)
    # An accelerator may be exact in int8, so there equal bits say nothing.
    whole = DelegateCheck("litert", "gpu", 112, 112, (), cpu.fingerprint, float_output=False)
    _check_fingerprint(whole, model(), Target(delegate="gpu"), 1)


def test_a_compiled_model_runs_as_an_interpreter_does() -> None:
    """The way to gpu and npu, on the one accelerator that every machine has."""
    plain = runner(load(model(), 1, Target()), "serving_default")
    compiled = CompiledRunner(compile_model(model(), "cpu"), "serving_default", plain)
    for side in (32, 48):
        packed = np.random.default_rng(side).integers(-128, 128, (1, side, 32, 4)).astype(np.int8)
        fresh = runner(load(model(), 1, Target()), "serving_default")
        found = CompiledRunner(compile_model(model(), "cpu"), "serving_default", plain)(packed=packed)["rgb"]
        assert np.array_equal(found, fresh(packed=packed)["rgb"])
    assert compiled.get_input_details()["packed"]["dtype"] == np.int8


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"engine": "onnx"}, "No engine 'onnx'"),
        ({"engine": "tflite-runtime", "delegate": "gpu"}, "gpu is LiteRT's"),
        ({"delegate_options": (("a", "b"),)}, "cpu takes no options"),
    ],
)
def test_what_can_not_go_together_is_refused(chosen: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Target(**chosen)  # type: ignore[arg-type]


def test_an_option_without_a_value_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["time", "--delegate-option", "fast"]) == 2
    assert "'fast' isn't KEY=VALUE" in capsys.readouterr().err


def test_a_session_tells_what_runs_it() -> None:
    bundle = shipped_bundle()
    contract = bundle.model("int8").contract
    with Session(model(), contract, target=Target(require_delegate=True)) as session:
        assert session.delegate_check is not None
        assert session.delegate_check.line == "cpu runs 112 of 112 operations"
    with Session(model(), contract) as session:
        assert session.delegate_check is None
