"""The page's JavaScript equals the Python runtime: golden vectors in Node, specialized models in LiteRT."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_mobile.bundle.bundle import shipped_bundle

FOLDER = Path(__file__).parent


def test_modules_equal_the_golden_vectors(node: str) -> None:
    files = sorted(str(path) for path in FOLDER.glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False)
    assert files
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize(("signature", "size"), [("context", (64, 48)), ("descend", (96, 64)), ("develop", (64, 48))])
def test_a_specialized_model_computes_the_same(
    node: str, tmp_path: Path, precision: str, signature: str, size: tuple[int, int]
) -> None:
    folder = shipped_bundle().folder
    model, output = folder / f"lwisp.{precision}.tflite", tmp_path / "specialized.tflite"
    sides = [str(side) for side in size]
    command = [node, FOLDER / "specialize.mjs", folder / "contract.json", model, signature, *sides, output]
    subprocess.run(command, check=True)
    specialized, original = Interpreter(str(output)), Interpreter(str(model))
    runner = specialized.get_signature_runner(signature)
    rng, largest = np.random.default_rng(0), 127 if precision == "int8" else 1
    inputs = {
        name: (rng.random(found["shape"]) * largest).astype(found["dtype"])
        for name, found in runner.get_input_details().items()
    }
    assert inputs["packed"].shape == (1, size[1], size[0], 4)
    expected = original.get_signature_runner(signature)(**inputs)
    for name, values in runner(**inputs).items():
        np.testing.assert_array_equal(values, expected[name])
    assert list(specialized.get_signature_list()) == [signature]
