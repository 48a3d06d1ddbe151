"""Memory budgets: parsed, kept, and refused by name where they can't be."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import Developer, RawImage, memory, shipped_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.errors import ContractError, UsageError
from lwisp_mobile.frame.memory_model import FrameSize
from lwisp_mobile.frame.planner import plan_frame
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.memory import BYTES_PER_PACKED_PX, RUN_BYTES, RUN_BYTES_PER_PX, available_bytes, parse_bytes

# VmHWM, not ru_maxrss: that one starts at the parent's.
_MEASURE = """
import json, sys
import numpy as np
from pathlib import Path
from lwisp_mobile import Session, shipped_bundle
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
def codes(tensor, side):
    px = side * tensor.shape[1] // 128 if tensor.shape[1] > 1 else 1
    return np.zeros((1, px, px, tensor.shape[3]), tensor.dtype)
bundle, (signature, side) = shipped_bundle(), (sys.argv[1], int(sys.argv[2]))
session = Session(bundle.read("int8"), bundle.model("int8").contract, threads=1)
with session.open(signature) as opened:
    inputs = {name: codes(tensor, side) for name, tensor in opened.inputs.items()}
    before = peak()
    opened.run(inputs)
    print(json.dumps(peak() - before))
"""


def contract(precision: str = "int8") -> ModelContract:
    return shipped_bundle().model(precision).contract


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400MB", 400_000_000),
        ("1.5GB", 1_500_000_000),
        ("512MiB", 512 << 20),
        ("2 gib", 2 << 30),
        ("64kb", 64_000),
        ("7B", 7),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "400", "400M", "MB", "-1MB", "1e3MB", "4 0MB", "1IB", "nan GB"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 400MB"):
        parse_bytes(text)


def graph_macs(precision: str) -> float:
    """Per packed px, of the graph as it runs: INT8's doubled codes included."""
    facts = inspect_tflite(shipped_bundle().read(precision))
    return facts.macs / facts.inputs[0].shape[1] ** 2


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize("sides", [(16, 16), (1504, 2000), (3072, 4096), (16, 4000)])
@pytest.mark.parametrize("budget", [1_700_000_000, 3_000_000_000, 10_000_000_000])
def test_plans_stay_in_their_budget(precision: str, sides: tuple[int, int], budget: int) -> None:
    plan = plan_frame(contract(precision), FrameSize(*sides, output_bytes=1), budget)
    assert plan.peak_bytes <= budget
    assert plan.macs < 1.5 * graph_macs(precision) * sides[0] * sides[1]


def test_room_for_everything_keeps_it_open() -> None:
    assert plan_frame(contract(), FrameSize(1504, 2000, 1), 2_000_000_000).keeps_open


def test_12_megapixels_go_into_500_mb_with_a_quarter_more_work_at_most() -> None:
    plan = plan_frame(contract(), FrameSize(1504, 2000, 1), 500_000_000)
    assert (plan.mode, plan.lanes) == ("tiles", 1)
    assert plan.macs / (1504 * 2000) < 1.25 * graph_macs("int8")


def test_a_short_budget_takes_the_lean_stages() -> None:
    frame, stages = FrameSize(1504, 2000, 1), contract().lean_stages
    plan = plan_frame(contract(), frame, 262_000_000)
    assert [stage.signature for stage in plan.stages] == [stage.signature for stage in stages]
    assert plan_frame(replace(contract(), lean_stages=()), frame, 400_000_000).macs < plan.macs
    with pytest.raises(UsageError, match="takes at least"):
        plan_frame(replace(contract(), lean_stages=()), frame, 262_000_000)


def test_a_small_frame_runs_whole() -> None:
    plan = plan_frame(contract(), FrameSize(64, 64, 4), None)
    assert [(stage.signature, len(stage.tiles)) for stage in plan.stages] == [("develop", 1)]


def test_a_budget_that_is_too_small_says_what_is_needed() -> None:
    frame = FrameSize(1504, 2000, 1)
    with pytest.raises(UsageError, match=r"4000x3008 px takes at least (\d+) MB in int8; 100 MB are allowed") as caught:
        plan_frame(contract(), frame, 100_000_000)
    needed = int(str(caught.value).split("at least ")[1].split()[0])
    assert plan_frame(contract(), frame, (needed + 1) * 10**6).peak_bytes <= (needed + 1) * 10**6


def test_a_frame_larger_than_memory_is_refused_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 100000 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    assert available_bytes() == 102_400_000
    raw = RawImage(np.zeros((2048, 2048), np.uint16), "RGGB", (0.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)
    with Developer(shipped_bundle()) as developer, pytest.raises(UsageError, match="102 MB are free"):
        developer.develop(raw)


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    assert available_bytes() is None
    assert plan_frame(contract(), FrameSize(16_000, 16_000, 1), None).mode == "tiles"


def test_a_contract_without_stages_is_refused() -> None:
    with pytest.raises(ContractError, match="names no stages"):
        plan_frame(replace(contract(), stages=()), FrameSize(64, 64, 1), None)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize(
    ("signature", "side"),
    [
        ("enter", 512),
        ("descend", 768),
        ("down", 1024),
        ("deep", 1536),
        ("rise", 1536),
        ("up", 768),
        ("ascend", 384),
        ("render", 384),
        ("descend_lean", 512),
        ("render_lean", 384),
        ("develop", 320),
        ("context", 256),
    ],
)
def test_the_figures_are_what_a_run_takes(signature: str, side: int) -> None:
    command = [sys.executable, "-c", _MEASURE, signature, str(side)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    planned = RUN_BYTES["int8"] + RUN_BYTES_PER_PX["int8"][signature] * side**2
    assert 0.6 * planned < json.loads(done.stdout) < planned


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_figure_of_a_whole_run_is_what_it_takes() -> None:
    command = [sys.executable, "-c", _MEASURE, "serving_default", "512"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) / 512**2 == pytest.approx(BYTES_PER_PACKED_PX["int8"], rel=0.15)
