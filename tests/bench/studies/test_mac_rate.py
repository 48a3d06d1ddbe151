"""The rate benchmark: its convolution is a convolution, and its figures belong together."""

import json

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_bench.studies.one_conv import one_conv_macs, one_conv_model
from lwisp_mobile.cli.main import main
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite


def test_the_convolution_is_one() -> None:
    model = one_conv_model(8, channels=4)
    facts, coverage = inspect_tflite(model), delegate_coverage(model)
    assert [(op.name, op.count) for op in facts.ops] == [("CONV_2D", 1)]
    assert facts.macs == one_conv_macs(8, channels=4) == 8 * 8 * 9 * 4 * 4
    assert coverage.undelegated == ()
    interpreter = Interpreter(model_content=model, num_threads=1)
    output = interpreter.get_signature_runner()(x=np.ones((1, 8, 8, 4), np.float32))["y"][0]
    assert output[3, 3] == pytest.approx(1)
    assert output[0, 0] == pytest.approx(4 / 9)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", "--size", "32", "--runs", "2", "--threads", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"]["macs"] == pytest.approx(5.2031e9 * (32 / 224) ** 2, rel=1e-3)
    assert len(report["model"]["samples_ms"]) == len(report["convolution"]["samples_ms"]) == 10
    assert report["clock"] == "wall"
    assert main(["rate", "--size", "32", "--runs", "1"]) == 0
    assert "% of the convolution's rate" in capsys.readouterr().out


def test_a_size_that_does_not_fit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", "--size", "100"]) == 2
    assert "isn't a multiple of 16" in capsys.readouterr().err
