"""The frame benchmark: budgets are kept by real processes, and its figures are consistent."""

import json
import sys
from dataclasses import replace

import pytest

from lwisp_bench.cli.frame import lines
from lwisp_bench.studies.frame_budget import FrameCase, FrameReport, measure_frame, synthetic_frame
from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import ModelError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
RATE_PX = 64


def duplication() -> float:
    """Multiply-adds of INT8's graph, its duplicated channels included, over those of the network."""
    contract = shipped_bundle().model("int8").contract
    return contract.develop.macs_per_packed_px / contract.macs_per_packed_px


@pytest.fixture(scope="module")
def report() -> FrameReport:
    """A frame of 2 megapixels in 250 MB."""
    bundle = shipped_bundle()
    case = FrameCase(str(bundle.folder), "int8", 1, 250_000_000, height_px=1224, width_px=1632)
    return measure_frame(bundle, case, 1, rate_px=RATE_PX)


def test_the_budget_is_kept_and_the_figures_are_consistent(report: FrameReport) -> None:
    assert report.within_budget
    (turn,) = report.turns
    frame = turn.frame
    assert 60e6 < report.peak_bytes == frame.peak_bytes <= 250e6
    assert frame.peak_bytes < frame.planned_peak_bytes <= 250e6
    assert turn.limit_ms == pytest.approx(report.frame_macs / turn.gmacs_per_s / 1e6)
    assert report.median_ratio == pytest.approx(frame.wall_ms / turn.limit_ms)
    assert report.median_ratio_again == pytest.approx(frame.again_ms / turn.limit_ms)
    assert report.work_factor == pytest.approx(frame.macs / report.frame_macs)
    assert 1 < report.work_factor / duplication() < 1.5
    stages = shipped_bundle().model("int8").contract.stages
    assert [split.time.signature for split in frame.stages] == [stage.name for stage in stages]
    assert sum(split.time.wall_ms for split in frame.stages) < frame.wall_ms
    assert 0 < frame.context.wall_ms < frame.wall_ms
    assert frame.load_ms > 0
    assert 0 <= frame.kernel_ms < frame.wall_ms
    assert 0 <= frame.kernel_again_ms < frame.again_ms
    assert 0 < turn.memory.held_ns < 100
    assert 0 < turn.memory.found_ns < 100


def test_the_report_as_text(report: FrameReport) -> None:
    text = "\n".join(lines(report))
    assert all(
        word in text for word in ("limit:", "memory:", "load:", "context:", "ratio", "kernel:", "peak:", "wall clock")
    )


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "threads"), [("280MB", "1"), ("500MB", "2")])
def test_12_megapixels_stay_in_their_budget(budget: str, threads: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two consecutive frames: memory that the C library keeps from the first counts too."""
    assert main(["frame", "--turns", "1", "--threads", threads, "--max-memory", budget, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["peak_bytes"] <= report["case"]["max_memory_bytes"]
    assert report["work_factor"] / duplication() < 1.4


@pytest.mark.parametrize(
    ("words", "message"), [(["--turns", "0"], "can't be measured"), (["--megapixels", "0"], "can't be measured")]
)
def test_wrong_use_is_named(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert main(["frame", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_budget_too_small_for_the_frame_is_named(report: FrameReport) -> None:
    case = replace(report.case, max_memory_bytes=50_000_000)
    with pytest.raises(ModelError, match="at least"):
        measure_frame(shipped_bundle(), case, 1, rate_px=RATE_PX)


def test_a_process_that_dies_before_it_is_ready_is_an_error(report: FrameReport) -> None:
    with pytest.raises(ModelError, match=r"failed \(exit status 1\): no message"):
        measure_frame(shipped_bundle(), report.case, 1, python="/bin/false")


def test_synthetic_frames_are_equal_and_not_flat() -> None:
    frame = synthetic_frame(100, 130)
    assert frame.mosaic.shape == (100, 130)
    assert (frame.mosaic == synthetic_frame(100, 130).mosaic).all()
    assert frame.mosaic.std() > 500
