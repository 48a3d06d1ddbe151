"""The contract's memory figures are what processes take."""

import json
import subprocess
import sys

import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import ModelContract, SignatureContract

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")]

# Nothing of ours is imported: memory that it freed would be used again, and not counted.
_MEASURE = """
import json, sys
from pathlib import Path
import numpy as np
from ai_edge_litert.interpreter import Interpreter
def rss():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024
model, kept, found = Path(sys.argv[1]).read_bytes(), [], [rss()]
for inputs in json.loads(sys.argv[3]):
    interpreter = Interpreter(model_content=model, num_threads=1)
    arrays = {name: np.ones(shape, dtype) for name, shape, dtype in inputs}
    run = interpreter.get_signature_runner(sys.argv[2])
    kept.append((interpreter, run, arrays, run(**arrays)))
    found.append(rss())
print(json.dumps([after - before for before, after in zip(found, found[1:])]))
"""
SMALL_PX = 16
MODELS = [("lwisp", "int8"), ("lwisp", "fp16"), ("lwisp-lite", "int8"), ("lwisp-lite", "fp16")]


def contract_of(bundle: str, precision: str) -> ModelContract:
    return shipped_bundle(bundle).model(precision).contract


def growth_bytes(bundle: str, precision: str, signature: SignatureContract, *sides_px: int) -> list[int]:
    """What a process grows by for each of several runs, all in interpreters of their own."""
    contract, model = contract_of(bundle, precision), shipped_bundle(bundle).model(precision).file
    specs = [contract.tensor(name) for name in signature.inputs]
    inputs = []
    for side_px in sides_px:
        sides = [max(1, round(side_px * spec.resolution)) for spec in specs]
        inputs.append([(spec.name, (1, side, side, spec.channels), spec.dtype) for spec, side in zip(specs, sides)])
    command = [sys.executable, "-c", _MEASURE, str(shipped_bundle(bundle).folder / model), signature.name]
    done = subprocess.run([*command, json.dumps(inputs)], capture_output=True, text=True, check=True)
    return [int(growth) for growth in json.loads(done.stdout)]


@pytest.mark.parametrize(("bundle", "precision"), MODELS)
def test_an_interpreter_takes_what_the_contract_says(bundle: str, precision: str) -> None:
    contract = contract_of(bundle, precision)
    _, again = growth_bytes(bundle, precision, contract.whole, SMALL_PX, SMALL_PX)
    assert 0.75 * contract.interpreter_bytes < again <= contract.interpreter_bytes


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize("place", range(9))
def test_a_run_takes_what_the_contract_says(precision: str, place: int) -> None:
    """By the difference of two sizes: a part of the smaller run lies where weights were unpacked."""
    contract = contract_of("lwisp", precision)
    signature = (contract.whole, contract.sample, contract.develop, *contract.stages)[place]
    side_px = round((120e6 / signature.bytes_per_packed_px) ** 0.5 / 16) * 16
    small, large = (growth_bytes("lwisp", precision, signature, side)[0] for side in (side_px, 2 * side_px))
    found = (large - small) / (3 * side_px**2)
    assert 0.97 * signature.bytes_per_packed_px <= found <= 1.03 * signature.bytes_per_packed_px
