"""The second engine: tflite-runtime 2.14, in an environment of its own, because it needs numpy 1 and Python 3.11."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import Developer, RawImage, shipped_bundle
from lwisp_mobile.engine import interpreter as engine
from lwisp_mobile.engine.interpreter import Target, find_engine, interpreter_module
from lwisp_mobile.errors import MissingExtraError
from lwisp_mobile.metrics import psnr_db

REQUIREMENTS = ("tflite-runtime==2.14.0", "numpy==1.26.4", "tqdm==4.70.1")
DEVELOP = """
import sys
import numpy as np
from lwisp_mobile import Developer, RawImage, shipped_bundle
from lwisp_mobile.engine.interpreter import Target, find_engine
assert find_engine(None) == "tflite-runtime"
raw = RawImage(np.load(sys.argv[1]), "RGGB", (64.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)
found = {}
for precision in ("int8", "fp16"):
    with Developer(shipped_bundle(), precision=precision) as developer:
        found[precision] = developer.develop(raw)
    with Developer(shipped_bundle(), precision=precision, target=Target("tflite-runtime")) as developer:
        found[precision + " tiles"] = developer.develop(raw, max_memory_bytes=int(sys.argv[3]))
np.savez(sys.argv[2], **found)
"""


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python 3.11 with tflite-runtime, made once and kept in the cache folder."""
    found = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if found is None:
        pytest.skip("tflite-runtime 2.14 has wheels to Python 3.11 only, and no python3.11 is here")
    key = hashlib.sha256("\n".join(REQUIREMENTS).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lwisp-mobile" / f"tflite-runtime-{key}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([found, "-m", "venv", str(folder)], check=True, capture_output=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *REQUIREMENTS]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"tflite-runtime can't be installed here: {done.stderr.strip().splitlines()[-1]}")
        (folder / "complete").touch()
    return folder / "bin" / "python"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(engine.__file__).resolve().parents[2])}


def test_its_pictures_are_litert_s_but_for_rounding(python: Path, tmp_path: Path) -> None:
    y, x = np.mgrid[0:352, 0:288]
    light = 400 + 6 * x + 300 * np.sin(x / 31) * np.cos(y / 47)
    mosaic = np.clip(light + np.random.default_rng(0).normal(0, 25, light.shape), 0, 4095).astype(np.uint16)
    np.save(tmp_path / "mosaic.npy", mosaic)
    command = [str(python), "-c", DEVELOP, "mosaic.npy", "found.npz", "170000000"]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment(), capture_output=True)
    raw = RawImage(mosaic, "RGGB", (64.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)
    with np.load(tmp_path / "found.npz") as found:
        with Developer(shipped_bundle(), precision="fp16") as developer:
            assert np.abs(found["fp16"] - developer.develop(raw)).max() < 1e-5
        # Its int8 convolutions are the built-in kernels', which round otherwise than XNNPACK's.
        with Developer(shipped_bundle(), precision="int8") as developer:
            assert psnr_db(found["int8"], developer.develop(raw)) > 45
        assert np.array_equal(found["int8"], found["int8 tiles"])
        assert np.abs(found["fp16"] - found["fp16 tiles"]).max() < 1e-5


def test_numpy_2_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: name == "tflite_runtime")
    monkeypatch.setattr(engine.np, "__version__", "2.4.0")
    assert find_engine(None) == "tflite-runtime"
    with pytest.raises(MissingExtraError, match=r"numpy 2\.4\.0 is here.*pip install 'numpy<2'"):
        interpreter_module(None)


def test_an_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("tflite_runtime"):
        pytest.skip("tflite-runtime is installed here")
    with pytest.raises(MissingExtraError, match=r"lwisp-mobile\[tflite-runtime\]"):
        interpreter_module("tflite-runtime")
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="ai-edge-litert"):
        find_engine(None)


def test_litert_comes_first() -> None:
    assert find_engine(None) == "litert"
    assert find_engine("tflite-runtime") == "tflite-runtime"
    assert Target().engine is None
