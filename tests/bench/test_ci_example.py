"""The CI example's commands, run as a runner would: an equal model passes, a costlier one doesn't."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ai_edge_litert.schema_py_generated import BuiltinOperator

from lwisp_bench.runners.instructions.counting import CounterKit
from tests.bench.small_models import add_model

WORKFLOW = Path(__file__).parents[2] / "benchmarks/ci/model-gate.yml"
SHAPE = (1, 64, 64, 4)


class Runner:
    """Runs a workflow's steps by their names in a checkout, with its variables."""

    def __init__(self, checkout: Path, home: Path) -> None:
        workflow = yaml.safe_load(WORKFLOW.read_text())
        self._steps = {step["name"]: step["run"] for step in workflow["jobs"]["gate"]["steps"] if "run" in step}
        self._checkout = checkout
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        variables = {**os.environ, "PATH": path, "HOME": str(home), "XDG_CACHE_HOME": cache}
        self._environment = {**variables, **workflow["env"], "GITHUB_BASE_REF": "main"}

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        # As GitHub's runners call it.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self._steps[name]]
        return subprocess.run(
            command, cwd=self._checkout, env=self._environment, capture_output=True, text=True, check=False
        )


def commit(folder: Path, model: bytes) -> None:
    (folder / "model.tflite").write_bytes(model)
    name = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", folder, "add", "."], check=True)
    subprocess.run(["git", "-C", folder, *name, "commit", "-q", "-m", "model"], check=True)


@pytest.mark.slow
def test_the_example_gates_a_costlier_model(counter: CounterKit, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", origin], check=True)
    commit(origin, add_model("int8", SHAPE, BuiltinOperator.MUL))
    subprocess.run(["git", "clone", "-q", origin, checkout], check=True)
    commit(checkout, add_model("int8", SHAPE, BuiltinOperator.ADD))
    runner = Runner(checkout, tmp_path)
    for name in ("Count the base", "Count the change"):
        done = runner.run(name)
        assert done.returncode == 0, done.stdout + done.stderr
    gate = runner.run("Gate")
    assert gate.returncode == 1, gate.stdout + gate.stderr
    assert "costlier" in gate.stdout
    assert runner.run("Report").returncode == 0
    assert "costlier" in (checkout / "report.html").read_text()
    shutil.copy(checkout / "base.json", checkout / "new.json")
    assert runner.run("Gate").returncode == 0
