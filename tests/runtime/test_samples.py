"""The samples in docs/samples give the runtime's planes, codes and picture, without the runtime."""

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import shipped_bundle

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "docs" / "samples"
GOLDEN = json.loads((PROJECT / "tests" / "golden" / "model.json").read_text(encoding="utf-8"))
DOCUMENT = (PROJECT / "docs" / "embedding.md").read_text(encoding="utf-8")
ALONE = """
import runpy, sys
sys.modules["lwisp_mobile"] = None
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def array(name: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(GOLDEN[name]), dtype)


def check(packed: np.ndarray, quantized: np.ndarray, rgb: np.ndarray) -> None:
    """Planes within rounding of the last bit; input and picture in int8 equal."""
    assert np.abs(packed.ravel() - array("packed", "<f4")).max() < 1e-6
    assert np.array_equal(quantized.ravel(), array("codes", "i1"))
    assert np.array_equal(rgb.ravel(), array("rgb", "i1"))


def check_python(folder: Path) -> None:
    with np.load(folder / "out.npz") as found:
        check(found["packed"], found["quantized"], found["rgb"])
        assert found["picture"].shape == (58, 62, 3)
        assert 0 <= found["picture"].min() < found["picture"].max() <= 1


def check_cpp(folder: Path) -> None:
    dtypes = (("packed", "<f4"), ("quantized", "i1"), ("rgb", "i1"))
    check(*(np.fromfile(folder / f"out.{name}", dtype) for name, dtype in dtypes))


def run_alone(folder: Path, script: str, *arguments: str) -> None:
    """Run a sample with a runtime that can't be imported."""
    command = [sys.executable, "-c", ALONE, str(SAMPLES / script), *arguments]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with the samples' inputs."""
    vectors = PROJECT / "tests" / "golden" / "model.json"
    run_alone(tmp_path, "write_inputs.py", str(shipped_bundle().folder), str(vectors), ".")
    return tmp_path


def test_python_needs_no_runtime(inputs: Path) -> None:
    run_alone(inputs, "develop.py", str(shipped_bundle().folder), "frame.json", "out.npz")
    check_python(inputs)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"contract_version": 2', '"contract_version": 3', "Contract version 3"),
        ('"color_shift": "smoothed"', '"color_shift": "quad"', "has {'color_shift': 'quad'}"),
    ],
)
def test_python_refuses_another_contract(old: str, new: str, message: str, inputs: Path) -> None:
    text = (shipped_bundle().folder / "contract.json").read_text()
    assert old in text
    (inputs / "contract.json").write_text(text.replace(old, new))
    command = [sys.executable, str(SAMPLES / "develop.py"), ".", "frame.json", "out.npz"]
    done = subprocess.run(command, check=False, cwd=inputs, capture_output=True, text=True)
    assert done.returncode == 1
    assert message in done.stderr


@pytest.fixture(scope="module")
def library() -> Path:
    """LiteRT's library of the Python package, to compile against."""
    if shutil.which("g++") is None:
        pytest.skip("g++ isn't here to compile the sample with")
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    found = Path(spec.origin).with_name("libLiteRt.so")
    if not found.exists():
        pytest.skip(f"{found} isn't in this package")
    return found


def test_the_document_s_commands_work_as_they_stand(library: Path, tmp_path: Path) -> None:
    for name in ("docs", "lwisp_mobile", "tests"):
        (tmp_path / name).symlink_to(PROJECT / name)
    commands = "\n".join(line[4:] for line in DOCUMENT.splitlines() if line.startswith("    "))
    assert "develop.py" in commands
    assert "develop.cpp" in commands
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-euc", commands], check=True, cwd=tmp_path, env=environment, capture_output=True)
    check_python(tmp_path)
    check_cpp(tmp_path)


def test_cpp_compiles_without_warnings_and_refuses_what_is_no_model(library: Path, inputs: Path) -> None:
    flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
    link = [f"-L{library.parent}", "-l:libLiteRt.so", f"-Wl,-rpath,{library.parent}"]
    program = inputs / "develop"
    subprocess.run(["g++", *flags, str(SAMPLES / "develop.cpp"), "-o", str(program), *link], check=True)
    (inputs / "model.tflite").write_bytes(b"no model")
    command = [str(program), "model.tflite", "contract.txt", "frame.txt", "mosaic.u16", "out"]
    done = subprocess.run(command, check=False, cwd=inputs, capture_output=True, text=True)
    assert done.returncode == 2
    assert "model.tflite is refused" in done.stderr


def test_the_contract_is_what_the_cpp_sample_writes_as_numbers() -> None:
    """Sizes and steps that stand in develop.cpp as literals."""
    found = shipped_bundle().model("int8").contract
    assert found.contract_version == 2
    assert found.whole.name == "serving_default"
    assert found.input.size_multiple == 16
    assert found.input_tensor.scale == pytest.approx(1 / 255, rel=1e-6)
    assert (found.input_tensor.zero_point, found.output_tensor.resolution) == (-128, 2)
    assert found.input.subtract_black
    assert found.input.white_balance
    assert found.input.color_shift == "smoothed"
    assert not found.input.has_noise_plane
