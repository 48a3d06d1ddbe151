"""`lwisp time`: what it says of one series of runs."""

import json

import pytest

from lwisp_mobile.cli import time
from lwisp_mobile.cli.main import main
from lwisp_mobile.engine.precision import ChosenPrecision
from lwisp_mobile.engine.precision_check import PrecisionCheck
from lwisp_mobile.engine.timing import Timing

QUICK = ["time", "--bundle", "lwisp-lite", "--size", "32", "--runs", "3", "--threads", "1"]
INT8 = [*QUICK, "--precision", "int8"]


def test_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(INT8) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("lwisp-lite int8, 32x32 packed px, 1 threads, 3 runs: p50 ")
    assert printed.endswith(" ms (wall clock)\n")


def test_json_keeps_every_sample_and_what_it_was_measured_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*INT8, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["timing"]["samples_ms"]) == result["summary"]["runs"] == 3
    assert (result["clock"], result["delegate"], result["output_px"]) == ("wall", {"delegate": "cpu"}, 64)


@pytest.mark.parametrize(("int8_ms", "code"), [(50.0, 0), (104.0, 0), (106.0, 1)])
def test_all_precisions_and_whether_auto_is_right(
    int8_ms: float, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timings = {"int8": Timing((), (int8_ms,)), "fp16": Timing((), (100.0,))}
    check = PrecisionCheck(ChosenPrecision("int8", ("Precision int8: so.",)), timings)
    monkeypatch.setattr(time, "check_precisions", lambda *_: check)
    assert main([*QUICK, "--all"]) == code
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "lwisp-lite, 32x32 packed px, 1 threads, 3 turns (wall clock)"
    assert printed[-2] == "auto: Precision int8: so."
    assert printed[-1].startswith(f"That is {'wrong' if code else 'right'} here: int8 ")
    assert main([*QUICK, "--all", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["right"] == (code == 0)


def test_all_takes_no_precision(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*INT8, "--all"]) == 2
    assert "leave --precision int8 out" in capsys.readouterr().err
