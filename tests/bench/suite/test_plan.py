"""Suites from TOML to plans."""

from pathlib import Path

import pytest

from lwisp_bench.suite.definition import Suite, read_suite
from lwisp_bench.suite.plan import plan_of
from lwisp_mobile.errors import UsageError
from tests.bench.small_models import add_model


def test_a_suite_is_the_product_of_its_lists(tmp_path: Path) -> None:
    (tmp_path / "add.tflite").write_bytes(add_model("int8", (1, 8, 8, 4)))
    path = tmp_path / "suite.toml"
    path.write_text(
        'models = ["lwisp", "add.tflite"]\nprecisions = ["int8", "fp16"]\nsizes = [32, 64]\nthreads = [1, 2]\n'
        'affinities = ["all", "0"]\nmode = "official"\nruns = 7\ndevices = ["local", "adb:X"]\n'
        '[[shapes]]\ninput = "a"\nshape = [2, 8, 8, 4]\nmodel = "add.tflite"\n'
    )
    plan = plan_of(read_suite(path))
    names = [subject.name for subject in plan.subjects]
    assert names == ["lwisp int8 32", "lwisp int8 64", "lwisp fp16 32", "lwisp fp16 64", "add.tflite"]
    assert plan.subjects[-1].images[0].arrays[0].shape == (2, 8, 8, 4)
    assert len(plan.setups) == 4
    assert {setup.limits.min_runs for setup in plan.setups} == {7}
    assert (plan.setups[0].limits.min_s, plan.setups[0].limits.rule) == (60, "both")
    assert [target.name for target in plan.targets] == ["local", "adb:X"]


@pytest.mark.parametrize("gate", [True, False])
def test_the_gate_can_be_left_out(gate: bool, tmp_path: Path) -> None:
    (tmp_path / "add.tflite").write_bytes(add_model("int8", (1, 8, 8, 4)))
    (target,) = plan_of(Suite(models=(str(tmp_path / "add.tflite"),), gate=gate)).targets
    with target.open() as runner:
        assert (runner.pass_gate() is None) is not gate


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models = 1", "must be a list"),
        ("model = ['x']", "unknown key 'model'"),
        ("mode = 'slow'", "must be one of quick, official, sustained"),
        ("threads = []", "threads is empty"),
        ("threads = [0]", "threads is 0"),
        ("runs = 0", "0 runs"),
        ("models = [", "isn't TOML"),
        ("clock = 'insn'\ncpus = ['z80']", "No CPU 'z80'"),
        ("clock = 'insn'\nthreads = [2]", "counts one thread"),
        ("clock = 'insn'\nnative = 'tool'", "leave one of the two out"),
    ],
)
def test_malformed_suites_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        plan_of(read_suite(path))
