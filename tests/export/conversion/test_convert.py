"""`lwisp convert`: a checkpoint of another size, somebody else's ONNX, and what is neither."""

import json
from pathlib import Path

import pytest
import torch

from lwisp_bench.studies.networks.pynet import MultiConv
from lwisp_bench.studies.networks.write_pynet import write_onnx
from lwisp_export.conversion.convert import convert
from lwisp_mobile.cli.main import main
from lwisp_mobile.inspect.model_facts import inspect_tflite

SIDE_PX = 32


def test_a_checkpoint_of_another_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "lwisp", "-o", str(tmp_path), "--size", str(SIDE_PX), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    facts = inspect_tflite(Path(done["tflite"]).read_bytes())
    assert (facts.inputs[0].shape, facts.outputs[0].shape) == ((1, 32, 32, 4), (1, 64, 64, 3))
    assert done["parameters"] == 2_009_193
    assert done["macs"] == pytest.approx(5.2031e9 * (SIDE_PX / 224) ** 2, rel=1e-3)
    assert Path(done["onnx"]).is_file()


def test_a_peers_block_keeps_its_channels_last(tmp_path: Path) -> None:
    onnx = tmp_path / "block.onnx"
    block = torch.nn.Sequential(MultiConv(4, 8, 5, norm=True), torch.nn.Conv2d(16, 3, 3, padding=1), torch.nn.Sigmoid())
    write_onnx(block, onnx, SIDE_PX)
    done = convert(onnx, tmp_path / "out", SIDE_PX, lambda text: None)
    facts = inspect_tflite(done.tflite.read_bytes())
    assert (facts.count("CONV_2D"), facts.count("TRANSPOSE")) == (5, 0)
    assert (done.parameters, done.macs) == (None, None)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["lwisp", "--size", "100"], "isn't a multiple of 16"),
        (["nobody"], "There is no"),
        (["missing.onnx"], "There is no"),
    ],
)
def test_wrong_use_is_named(words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", *words, "-o", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
