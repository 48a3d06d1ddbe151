"""`lwisp time`: what it says of one series of runs."""

import json

import pytest

from lwisp_mobile.cli.main import main

QUICK = ["time", "--bundle", "lwisp-lite", "--size", "32", "--runs", "3", "--threads", "1"]


def test_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(QUICK) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("lwisp-lite int8, 32x32 packed px, 1 threads, 3 runs: p50 ")
    assert printed.endswith(" ms (wall clock)\n")


def test_json_keeps_every_sample_and_what_it_was_measured_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["timing"]["samples_ms"]) == result["summary"]["runs"] == 3
    assert (result["clock"], result["delegate"], result["output_px"]) == ("wall", {"delegate": "cpu"}, 64)
