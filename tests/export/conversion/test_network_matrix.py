"""Small networks of image restoration, by both of torch's exporters: each converts to equal outputs, or is refused."""

import logging
import warnings
from pathlib import Path

import pytest
import torch

from lwisp_export.conversion.convert import Converted, ConvertOptions, convert_network
from lwisp_mobile.progress import silent
from tests.export.conversion.restoration_networks import NETWORKS, SmallNetwork, seeded

QUICK = ("residual of one size on every axis", "U-Net")
"""What `make test` converts; `.ci/run` converts all."""


def exported(network: SmallNetwork, path: Path, *, dynamo: bool, opset: int | None = None) -> Path:
    """The network as ONNX; by dynamo with its weights in a data file, as is torch's default."""
    examples = tuple(torch.rand(shape) for shape in network.shapes)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(seeded(network), examples, path, dynamo=dynamo, verbose=False, opset_version=opset)
    return path


def convert(network: SmallNetwork, folder: Path, *, dynamo: bool) -> Converted:
    source = exported(network, folder / "network.onnx", dynamo=dynamo)
    return convert_network(source, folder / "out", ConvertOptions(), silent)


@pytest.mark.parametrize("name", QUICK)
def test_equal_outputs(name: str, tmp_path: Path) -> None:
    (network,) = (network for network in NETWORKS if network.name == name)
    done = convert(network, tmp_path, dynamo=True)
    assert done.faults == ()
    assert [check.outcome for check in done.checks] == ["equal", "equal"]


@pytest.mark.slow
@pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "torchscript"])
@pytest.mark.parametrize("network", NETWORKS, ids=[network.name for network in NETWORKS])
def test_every_network_is_converted(network: SmallNetwork, dynamo: bool, tmp_path: Path) -> None:
    done = convert(network, tmp_path, dynamo=dynamo)
    assert done.faults == ()
    assert done.checks[0].outcome == "equal"
    assert all(check.outcome == "equal" or check.outcome.startswith("fixed size") for check in done.checks)
    assert done.tflite.is_file()
