"""Processes of our own in a folder of traps: modules named as Python's and as the packages that they import."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.studies.frame_budget import FrameCase, measure_frame
from lwisp_export.conversion.environment import Tool, tool_python
from lwisp_mobile.batch.worker_process import WorkerProcess
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.engine.delegate_check import read_back
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.isolated_run import InputSet, run_isolated
from lwisp_mobile.engine.xnnpack_coverage import delegate_coverage
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.sandbox.client import decode_apart

ROOT = Path(__file__).resolve().parents[2]
TRAP = """
import os
open(os.path.join(os.path.dirname(__file__), "sprung"), "a").write(__name__)
raise SystemExit(9)
"""
SAFE = ("'-I'", "'-P'", "str(script)", "str(WRITER)")
"""What follows Python in a safe command: isolation, or a script, whose own folder is searched."""
NOT_A_COMMAND = (
    # The Python of a measuring worker, a .zip: such a program searches the .zip, not the working folder.
    "benchmarks/lwisp_bench/devices/local.py",
    # A default that goes to `python_command`.
    "benchmarks/lwisp_bench/studies/frame_budget.py",
)


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, in which every module that a child may want has a hostile namesake."""
    ours = ("lwisp_mobile", "lwisp_export", "lwisp_bench", "numpy", "rawpy", "ai_edge_litert", "PIL", "sitecustomize")
    for name in (*sys.stdlib_module_names, *ours):
        (tmp_path / f"{name}.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    # As after `export PYTHONPATH=$PYTHONPATH:/more`: the empty entry is the working folder.
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    yield tmp_path
    assert not (tmp_path / "sprung").exists(), (tmp_path / "sprung").read_text()


def model() -> bytes:
    return shipped_bundle("lwisp-lite").read("int8")


def develop_a_frame() -> None:
    case = FrameCase(str(shipped_bundle("lwisp-lite").folder), "int8", 1, 300_000_000, 64, 64)
    measure_frame(shipped_bundle("lwisp-lite"), case, 1, rate_px=16)


def run_a_model() -> None:
    (run,) = run_isolated(model(), [InputSet((np.zeros((1, 16, 16, 4), np.int8),))])
    assert run.failure is None


def call_a_worker() -> None:
    with WorkerProcess(os.path.basename) as worker:
        assert worker.call(60, "a/b") == "b"


def make_an_environment() -> None:
    os.environ["XDG_CACHE_HOME"] = str(Path("cache").absolute())
    tool_python(Tool("empty", "nothing", "", "a moment"), lambda step: None)


@pytest.mark.usefixtures("traps")
@pytest.mark.parametrize(
    "start",
    [
        call_a_worker,
        lambda: delegate_coverage(model()),
        lambda: read_back(model(), Target(), 1),
        develop_a_frame,
        run_a_model,
        pytest.param(make_an_environment, marks=pytest.mark.slow),
    ],
    ids=["worker", "coverage", "delegate", "frame", "isolated run", "environment"],
)
def test_nothing_of_the_working_folder_is_imported(start: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")  # put back afterwards
    start()


def test_nor_by_the_decoder(traps: Path, sample_dng: Path) -> None:
    assert decode_apart(sample_dng, RawHints()).mosaic.shape == (512, 511)


def test_a_trap_springs_without_our_precautions(tmp_path: Path) -> None:
    """Else the tests above would pass whatever the code does."""
    (tmp_path / "signal.py").write_text(TRAP)
    command = [sys.executable, "-c", "import multiprocessing.spawn"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 9
    assert (tmp_path / "sprung").read_text() == "signal"
    safe = python_command("-c", "import multiprocessing.spawn")
    assert subprocess.run(safe, cwd=tmp_path, env=child_environment(), check=False).returncode == 0


def test_a_child_finds_what_its_parent_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    command = python_command("-c", "import json, sys; print(json.dumps(sys.path))")
    done = subprocess.run(command, env=child_environment(A="b"), capture_output=True, text=True, check=True)
    assert {str(ROOT), str(tmp_path)} <= set(json.loads(done.stdout))
    assert child_environment(A="b")["A"] == "b"


def sources() -> list[Path]:
    folders = ("lwisp_mobile", "export", "benchmarks", "web", "android_demo/checks")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_other_way_to_start_python() -> None:
    """Python is started by `python_command`, or by a command that begins [sys.executable, "-I" (or "-P"), …]."""
    found = [f"{path.relative_to(ROOT).as_posix()}:{line}" for path in sources() for line in unsafe_starts(path)]
    assert not [place for place in found if not place.startswith(NOT_A_COMMAND)]


def unsafe_starts(path: Path) -> Iterator[int]:
    """Lines that name this Python outside a safe command, or import a module that starts it in ways of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    commands = [node.elts for node in ast.walk(tree) if isinstance(node, ast.List)]
    safe = {id(word) for words in commands for word, after in pairwise(words) if ast.unparse(after) in SAFE}
    if path.name == "child_process.py":
        return
    for node in ast.walk(tree):
        is_python = isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable" and id(node) not in safe
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if is_python or any(name.startswith(("multiprocessing", "concurrent.futures.process")) for name in names):
            yield node.lineno  # type: ignore[attr-defined]
