"""Forms that a backend refuses, each by its own name and nothing else's.

tests/export/verification/backends has the same models refused by the backends themselves.
"""

from pathlib import Path

import pytest

from lwisp_mobile.cli.main import main
from lwisp_mobile.inspect.audit import examine
from lwisp_mobile.inspect.portability import find_refusals
from lwisp_mobile.tflite.graph import Graph
from tests.faulty_graphs import FAULTS, dcr_shuffle, identical_inputs, many_axes


@pytest.mark.parametrize("form", FAULTS)
def test_each_fault_is_caught_by_name(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faulty.tflite"
    path.write_bytes(FAULTS[form]())
    assert main(["inspect", "--strict", str(path)]) == 1
    printed = capsys.readouterr().out
    assert f"  {form}: " in printed
    assert "    refused by: " in printed
    assert "    way out: " in printed
    assert [refusal.form for refusal in find_refusals(Graph.parse(path.read_bytes()))] == [form]


def test_the_operators_are_named() -> None:
    named = {form: next(find_refusals(Graph.parse(model()))).operators for form, model in FAULTS.items()}
    assert named["identical inputs"] == ("SUB (y)",)
    assert named["rank"] == ("RESHAPE (wide)", "RELU (again)", "RESHAPE (y)")
    assert named["shuffle"] == ("TRANSPOSE (turned)",)
    assert named["custom operation"] == ("FlexErf",)


def test_a_native_depth_to_space_has_no_fault() -> None:
    assert examine(dcr_shuffle()).faults == ()


@pytest.mark.parametrize("kind", ["MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "DIV", "POW"])
def test_other_operators_of_two_tensors_want_two(kind: str) -> None:
    (fault,) = find_refusals(Graph.parse(identical_inputs(kind)))
    assert (fault.form, fault.operators) == ("identical inputs", (f"{kind} (y)",))


def test_five_axes_are_too_many_and_four_are_not() -> None:
    assert [fault.kind for fault in examine(many_axes(1, 8, 8, 3, 4)).faults if fault.refused_by] == ["rank"]
    assert not [fault for fault in examine(many_axes(1, 8, 8, 12)).faults if fault.refused_by]
