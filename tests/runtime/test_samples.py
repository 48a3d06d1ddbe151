"""The samples in docs/samples give the runtime's planes, codes and picture, without the runtime."""

import base64
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.raw.cfa import cfa_offset_px

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "docs" / "samples"
GOLDEN = json.loads((PROJECT / "tests" / "golden" / "model.json").read_text(encoding="utf-8"))
ALONE = """
import runpy, sys
sys.modules["lwisp_mobile"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def array(name: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(GOLDEN[name]), dtype)


def check(packed: np.ndarray, codes: np.ndarray, rgb: np.ndarray) -> None:
    """Planes within rounding of the last bit; codes and picture equal."""
    assert np.abs(packed.ravel() - array("packed", "<f4")).max() < 1e-6
    assert np.array_equal(codes.ravel(), array("codes", "i1"))
    assert np.array_equal(rgb.ravel(), array("rgb", "i1"))


def contract() -> ModelContract:
    return shipped_bundle().model("int8").contract


def test_python(tmp_path: Path) -> None:
    (tmp_path / "frame.json").write_text(json.dumps(GOLDEN["frame"]))
    command = [
        sys.executable,
        "-c",
        ALONE,
        str(SAMPLES / "develop.py"),
        str(shipped_bundle().folder),
        "frame.json",
        "o.npz",
    ]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    with np.load(tmp_path / "o.npz") as found:
        check(found["packed"], found["codes"], found["rgb"])
        assert found["picture"].shape == (58, 62, 3)
        assert 0 <= found["picture"].min() < found["picture"].max() <= 1


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C++ sample, compiled against the LiteRT library of the Python package."""
    if shutil.which("g++") is None:
        pytest.skip("g++ isn't here to compile the sample with")
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).with_name("libLiteRt.so")
    if not library.exists():
        pytest.skip(f"{library} isn't in this package")
    made = tmp_path_factory.mktemp("sample") / "develop"
    flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
    link = [f"-L{library.parent}", "-l:libLiteRt.so", f"-Wl,-rpath,{library.parent}"]
    subprocess.run(["g++", *flags, str(SAMPLES / "develop.cpp"), "-o", str(made), *link], check=True)
    return made


def write_inputs(folder: Path) -> list[str]:
    frame, reference = GOLDEN["frame"], contract().input.reference_to_srgb
    assert reference is not None
    facts = [
        *frame["size_px"],
        *cfa_offset_px(frame["cfa"]),
        *frame["black_level"],
        frame["white_level"],
        *frame["wb_gains"],
    ]
    rows = [value for row in frame["camera_to_srgb"] for value in row]
    (folder / "frame.txt").write_text(" ".join(map(repr, [*facts, *rows])))
    numbers = [contract().input.curve_offset, *(value for row in reference for value in row)]
    (folder / "contract.txt").write_text(" ".join(map(repr, numbers)))
    (folder / "mosaic.u16").write_bytes(base64.b64decode(frame["mosaic"]))
    return ["contract.txt", "frame.txt", "mosaic.u16", "out"]


def test_cpp(program: Path, tmp_path: Path) -> None:
    bundle = shipped_bundle()
    model = str(bundle.folder / bundle.model("int8").file)
    subprocess.run([str(program), model, *write_inputs(tmp_path)], check=True, cwd=tmp_path, capture_output=True)
    check(
        *(np.fromfile(tmp_path / f"out.{name}", t) for name, t in (("packed", "<f4"), ("codes", "i1"), ("rgb", "i1")))
    )


def test_cpp_refuses_what_is_no_model(program: Path, tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no model")
    command = [str(program), "model.tflite", *write_inputs(tmp_path)]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "model.tflite is refused" in done.stderr


def test_the_contract_is_what_the_cpp_sample_writes_as_numbers() -> None:
    """Sizes and steps that stand in develop.cpp as literals."""
    found = contract()
    assert found.input.size_multiple == 16
    assert found.input_tensor.scale == pytest.approx(1 / 255, rel=1e-6)
    assert (found.input_tensor.zero_point, found.output_scale) == (-128, 2)
    assert found.input.subtract_black
    assert found.input.white_balance
