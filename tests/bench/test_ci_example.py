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

WORKFLOWS = Path(__file__).parents[2] / "benchmarks/ci"
SHAPE = (1, 64, 64, 4)


class Runner:
    """Runs a workflow's steps by their names in a checkout, with its variables."""

    def __init__(self, workflow_name: str, checkout: Path, home: Path, **changed: str) -> None:
        workflow = yaml.safe_load((WORKFLOWS / workflow_name).read_text())
        (job,) = workflow["jobs"].values()
        self.steps = {step["name"]: step["run"] for step in job["steps"] if "run" in step}
        self._checkout = checkout
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        variables = {**os.environ, "PATH": path, "HOME": str(home), "XDG_CACHE_HOME": cache}
        self._environment = {**variables, **workflow["env"], **changed, "GITHUB_BASE_REF": "main"}

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        # As GitHub's runners call it.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.steps[name]]
        return subprocess.run(
            command, cwd=self._checkout, env=self._environment, capture_output=True, text=True, check=False
        )


def commit(folder: Path, model: bytes) -> None:
    (folder / "model.tflite").write_bytes(model)
    name = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", folder, "add", "."], check=True)
    subprocess.run(["git", "-C", folder, *name, "commit", "-q", "-m", "model"], check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone whose model is heavier than its origin's."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", origin], check=True)
    commit(origin, add_model("int8", (1, 8, 8, 4)))
    subprocess.run(["git", "clone", "-q", origin, checkout], check=True)
    commit(checkout, add_model("int8", (1, 1024, 1024, 4)))
    return checkout


@pytest.mark.slow
def test_the_example_for_arm_runners_gates_a_slower_model(checkout: Path, tmp_path: Path) -> None:
    runner = Runner("arm.yml", checkout, tmp_path)
    for name in ("Measure", "Report"):
        done = runner.run(name)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Latency" in (checkout / "report.html").read_text()
    gate = runner.run("Gate")
    assert gate.returncode == 1, gate.stdout + gate.stderr
    assert "slower" in gate.stdout


@pytest.mark.slow
def test_the_example_for_a_phone_keeps_its_baseline(checkout: Path, tmp_path: Path) -> None:
    runner = Runner("phone.yml", checkout, tmp_path, DEVICE="local")
    runner.steps["Measure"] += " --seconds 1 --runs 30 --no-gate"
    for name in ("Measure", "Report", "Gate"):
        done = runner.run(name)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "baseline.json").is_file()


@pytest.mark.slow
def test_the_example_gates_a_costlier_model(counter: CounterKit, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", origin], check=True)
    commit(origin, add_model("int8", SHAPE, BuiltinOperator.MUL))
    subprocess.run(["git", "clone", "-q", origin, checkout], check=True)
    commit(checkout, add_model("int8", SHAPE, BuiltinOperator.ADD))
    runner = Runner("model-gate.yml", checkout, tmp_path)
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
