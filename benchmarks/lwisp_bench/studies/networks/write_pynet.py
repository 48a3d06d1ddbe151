"""Write PyNET as ONNX and print its cost as JSON: `python -m lwisp_bench.studies.networks.write_pynet FILE 224`.

A program of its own, so that the process that measures never loads torch.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

from lwisp_bench.studies.networks.pynet import PLANES, PyNet, count_macs, count_parameters
from lwisp_mobile.serialize.files import atomic_write

SEED = 0


def write_pynet(path: Path, side_px: int) -> dict[str, int]:
    """Write the network for a packed mosaic of side_px. Returns parameters and multiply-adds of its convolutions."""
    torch.manual_seed(SEED)
    network = PyNet()
    write_onnx(network, path, side_px)
    with torch.device("meta"):  # counted without running it
        unreal, packed = PyNet(), torch.zeros(1, PLANES, side_px, side_px)
    return {"parameters": count_parameters(network), "macs": count_macs(lambda: unreal(packed), unreal)}


def write_onnx(network: nn.Module, path: Path, side_px: int) -> None:
    """Write a network from "packed", (1, 4, side_px, side_px) float32, to "rgb"."""
    example = (torch.zeros(1, PLANES, side_px, side_px),)
    with warnings.catch_warnings():
        # The exporter's own code uses what its next version drops.
        warnings.filterwarnings("ignore", category=FutureWarning)
        program = torch.onnx.export(
            network.eval(), example, input_names=["packed"], output_names=["rgb"], dynamo=True, verbose=False
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program. Install the pinned torch and onnxscript.")
    with atomic_write(path) as temporary:
        temporary.write_bytes(program.model_proto.SerializeToString())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(write_pynet(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
