"""What a model really computes: ways in which an int8 file can be less than it seems, and the exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.inspect.audit import examine
from lwisp_mobile.tflite.graph import Graph

CUSTOM = 32
"""An operator's number in the schema."""


def changed(change: Callable[[Graph], object]) -> bytes:
    """The shipped INT8 model with its graph edited."""
    graph = Graph.parse(shipped_bundle().read("int8"))
    change(graph)
    return graph.pack()


def test_the_shipped_int8_is_int8_in_every_multiply_add() -> None:
    report = examine(shipped_bundle().read("int8"))
    assert report.faults == ()
    assert [(work.arithmetic, work.macs_share) for work in report.work] == [("int8", 1.0)]
    assert report.work[0].macs > 1.69e9


def test_fp16_weights_are_reported_as_float_and_are_no_fault() -> None:
    report = examine(shipped_bundle().read("fp16"))
    assert report.faults == ()
    assert (report.work[0].arithmetic, report.work[0].macs_share) == ("float", 1.0)


def _add_axis(graph: Graph) -> None:
    first = graph.operators[0]
    first.output.set_shape((*first.output.shape[:3], 1, first.output.shape[3]))


def _make_custom(graph: Graph) -> None:
    code = graph.model.operatorCodes[graph.operators[0].table.opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = CUSTOM
    code.customCode = "FlexConv2D"


def test_a_custom_operation_is_reported_by_name_though_the_runtime_refuses_it() -> None:
    faults = examine(changed(_make_custom)).faults
    assert {fault.kind for fault in faults} == {"custom operation"}
    assert faults[0].message.startswith("operators that a plain runtime doesn't have: FlexConv2D, FlexConv2D")
    assert faults[0].message.endswith("more")


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, broken = tmp_path / "a.tflite", tmp_path / "b.tflite"
    model.write_bytes(changed(_add_axis))
    broken.write_bytes(b"TFL3")
    assert main(["inspect", str(shipped_bundle().folder), "--strict"]) == 0
    printed = capsys.readouterr().out
    assert "lwisp.int8.tflite: multiply-adds in int8 100.0%" in printed
    assert printed.count("no fault") == 2
    assert main(["inspect", str(model), "--strict"]) == 1
    printed = capsys.readouterr().out
    assert "rank: tensors of more than 4 axes: CONV_2D (" in printed
    assert "refused by: LiteRT GPU (Tensor dimensions must be less than 5)" in printed
    assert "way out: keep to 4 axes" in printed
    assert main(["inspect", str(model), "--strict", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["a.tflite"]["faults"][0]["kind"] == "rank"
    assert main(["inspect", str(broken), "--strict"]) == 2
    assert main(["inspect", str(tmp_path / "c.dng"), "--strict"]) == 2
    assert "--strict examines a .tflite or a bundle" in capsys.readouterr().err
