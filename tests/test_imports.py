"""The import rules as sys.modules shows them; import-linter checks the source, this checks what really loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (ROOT, ROOT / "export", ROOT / "benchmarks")

FACTORY_PACKAGES = {
    "ai_edge_quantizer",
    "lwisp_bench",
    "lwisp_export",
    "onnx",
    "onnx2tf",
    "onnxruntime",
    "onnxscript",
    "safetensors",
    "scipy",
    "skimage",
    "tensorflow",
    "torch",
}
OUR_PACKAGES = {"lwisp_bench", "lwisp_export", "lwisp_mobile"}
OPTIONAL_PACKAGES = {"PIL", "rawpy", "tifffile"}

# Imports every module of a package, or one module, and lists the top-level packages that this loaded. Other arguments:
# subpackages to leave alone.
_PROBE = """
import importlib, json, pkgutil, sys
before = set(sys.modules)
module = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(getattr(module, "__path__", []), sys.argv[1] + "."):
    if not found.name.endswith(".__main__") and not found.name.startswith(tuple(sys.argv[2:])):
        importlib.import_module(found.name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(loaded - set(sys.stdlib_module_names))))
"""


def loaded_by(module: str, *without: str) -> set[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SOURCES))}
    command = [sys.executable, "-c", _PROBE, module, *without]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_runtime_loads_nothing_of_the_factory() -> None:
    loaded = loaded_by("lwisp_mobile")
    assert "numpy" in loaded
    assert not loaded & FACTORY_PACKAGES


def test_importing_the_runtime_loads_no_optional_package() -> None:
    assert not loaded_by("lwisp_mobile") & OPTIONAL_PACKAGES


@pytest.mark.parametrize("module", ["lwisp_mobile.raw", "lwisp_mobile.metrics", "lwisp_export.synthesis"])
def test_numpy_only(module: str) -> None:
    # numpy.random's compiled parts bring modules that Cython makes up at run time.
    others = {name for name in loaded_by(module) - OUR_PACKAGES if "cython" not in name}
    assert others == {"numpy"}


def test_the_harness_loads_nothing_of_the_factory() -> None:
    assert not loaded_by("lwisp_bench", "lwisp_bench.studies.peers") & (FACTORY_PACKAGES - {"lwisp_bench"})


def test_the_harness_peers_load_torch_and_nothing_of_the_factory() -> None:
    loaded = loaded_by("lwisp_bench.studies.peers")
    assert "torch" in loaded
    assert "lwisp_export" not in loaded


def test_the_factory_loads_nothing_of_the_harness() -> None:
    assert "lwisp_bench" not in loaded_by("lwisp_export")
