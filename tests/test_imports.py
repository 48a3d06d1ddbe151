"""The import rules as sys.modules shows them; import-linter checks the source, this checks what really loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (ROOT, ROOT / "export", ROOT / "benchmarks", ROOT / "web")

FACTORY_PACKAGES = {
    "ai_edge_quantizer",
    "lwisp_bench",
    "lwisp_export",
    "lwisp_web",
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
OUR_PACKAGES = {"lwisp_bench", "lwisp_export", "lwisp_mobile", "lwisp_web"}
OPTIONAL_PACKAGES = {"PIL", "rawpy", "tifffile"}

# Imports every module of a package, or one module, and lists the modules that this loaded. Other arguments: subpackages
# to leave alone.
_PROBE = """
import importlib, json, pkgutil, sys
before = set(sys.modules)
module = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(getattr(module, "__path__", []), sys.argv[1] + "."):
    if not found.name.endswith(".__main__") and not found.name.startswith(tuple(sys.argv[2:])):
        importlib.import_module(found.name)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules_loaded_by(module: str, *without: str) -> set[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SOURCES))}
    command = [sys.executable, "-c", _PROBE, module, *without]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def loaded_by(module: str, *without: str) -> set[str]:
    """The top-level packages among them that aren't Python's own."""
    return {name.partition(".")[0] for name in modules_loaded_by(module, *without)} - set(sys.stdlib_module_names)


def test_the_runtime_loads_no_optional_package_and_nothing_of_the_factory() -> None:
    loaded = loaded_by("lwisp_mobile")
    assert "numpy" in loaded
    assert not loaded & (OPTIONAL_PACKAGES | FACTORY_PACKAGES)


@pytest.mark.parametrize(
    ("module", "others"),
    [
        ("lwisp_mobile.raw", set()),
        ("lwisp_mobile.preprocess", set()),
        ("lwisp_mobile.metrics", set()),
        # Its photographs are scikit-image's.
        ("lwisp_export.synthesis", {"skimage", "lazy_loader"}),
    ],
)
def test_numpy_only(module: str, others: set[str]) -> None:
    # numpy.random's compiled parts bring modules that Cython makes up at run time.
    loaded = {name for name in loaded_by(module) - OUR_PACKAGES if "cython" not in name}
    assert loaded == {"numpy"} | others


def test_a_decoding_process_loads_the_raw_wing_alone() -> None:
    """One is started for each RAW file."""
    ours = {
        name.split(".")[1] for name in modules_loaded_by("lwisp_mobile.raw.sandbox.worker") if "lwisp_mobile." in name
    }
    assert ours == {"child_process", "contract", "errors", "raw", "serialize", "version"}


def test_listing_the_commands_loads_none() -> None:
    """Tables are light: no numpy, no torch, no command."""
    loaded = modules_loaded_by("lwisp_mobile.cli.main")
    for table in ("lwisp_mobile", "lwisp_export", "lwisp_bench", "lwisp_web"):
        loaded |= modules_loaded_by(f"{table}.cli.table")
    assert {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names} == {
        "lwisp_bench",
        "lwisp_bench.cli",
        "lwisp_bench.cli.table",
        "lwisp_export",
        "lwisp_export.cli",
        "lwisp_export.cli.table",
        "lwisp_mobile",
        "lwisp_mobile.cli",
        "lwisp_mobile.cli.command",
        "lwisp_mobile.cli.main",
        "lwisp_mobile.cli.table",
        "lwisp_mobile.errors",
        "lwisp_mobile.serialize",
        "lwisp_mobile.serialize.json_text",
        "lwisp_mobile.standard_output",
        "lwisp_mobile.version",
        "lwisp_web",
        "lwisp_web.cli",
        "lwisp_web.cli.table",
    }


def test_the_site_needs_the_bare_runtime_alone() -> None:
    assert not loaded_by("lwisp_web") & (OPTIONAL_PACKAGES | (FACTORY_PACKAGES - {"lwisp_web"}))


def test_the_harness_loads_nothing_of_the_factory() -> None:
    assert not loaded_by("lwisp_bench", "lwisp_bench.studies.networks") & (FACTORY_PACKAGES - {"lwisp_bench"})


def test_the_harness_peers_load_torch_and_nothing_of_the_factory() -> None:
    loaded = loaded_by("lwisp_bench.studies.networks")
    assert "torch" in loaded
    assert "lwisp_export" not in loaded


def test_the_factory_loads_nothing_of_the_harness() -> None:
    assert "lwisp_bench" not in loaded_by("lwisp_export")
