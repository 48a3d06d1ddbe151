"""The frame benchmark: budgets are kept by real processes, and its figures belong together."""

import json
import sys

import pytest

from lwisp_bench.studies.frame import made_frame
from lwisp_mobile import shipped_bundle
from lwisp_mobile.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
SMALL = ["frame", "--megapixels", "2", "--threads", "1", "--turns", "1"]


def doubling() -> float:
    """Multiply-adds of INT8's graph, its doubled channels included, over those of the network."""
    contract = shipped_bundle().model("int8").contract
    return contract.develop.macs_per_packed_px / contract.macs_per_packed_px


def test_the_budget_is_kept_and_the_figures_belong_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--max-memory", "250MB", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (turn,) = report["turns"]
    frame = turn["frame"]
    assert 60e6 < report["peak_bytes"] == frame["peak_bytes"] <= 250e6
    assert frame["peak_bytes"] < frame["planned_peak_bytes"] <= 250e6
    assert turn["limit_ms"] == pytest.approx(report["frame_macs"] / turn["gmacs_per_s"] / 1e6)
    assert report["median_ratio"] == pytest.approx(frame["wall_ms"] / turn["limit_ms"])
    assert report["work_factor"] == pytest.approx(frame["macs"] / report["frame_macs"])
    assert 1 < report["work_factor"] / doubling() < 1.5
    stages = shipped_bundle().model("int8").contract.stages
    assert [split["time"]["signature"] for split in frame["stages"]] == [stage.name for stage in stages]
    assert report["median_ratio_again"] == pytest.approx(frame["again_ms"] / turn["limit_ms"])
    assert sum(split["time"]["wall_ms"] for split in frame["stages"]) < frame["wall_ms"]
    assert 0 < frame["context"]["wall_ms"] < frame["wall_ms"]
    assert frame["load_ms"] > 0
    assert 0 <= frame["kernel_ms"] < frame["wall_ms"]
    assert 0 <= frame["kernel_again_ms"] < frame["again_ms"]
    assert 0 < turn["memory"]["held_ns"] < 100
    assert 0 < turn["memory"]["found_ns"] < 100


@pytest.mark.parametrize(("budget", "threads"), [("280MB", "1"), ("500MB", "2")])
def test_12_megapixels_stay_in_their_budget(budget: str, threads: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two frames one after the other: what the C library keeps of the first counts too."""
    assert main(["frame", "--turns", "1", "--threads", threads, "--max-memory", budget, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["peak_bytes"] <= report["case"]["max_memory_bytes"]
    assert report["work_factor"] / doubling() < 1.4


def test_the_report_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--megapixels", "0.2"]) == 0
    text = capsys.readouterr().out
    assert all(
        word in text for word in ("limit:", "memory:", "load:", "context:", "ratio", "kernel:", "peak:", "wall clock")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--turns", "0"], "can't be measured"),
        (["--megapixels", "0"], "can't be measured"),
        (["--max-memory", "50MB"], "at least"),
    ],
)
def test_what_can_not_be_measured_is_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main([*SMALL, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_frame_that_fails_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The process dies before it says that it's ready."""
    monkeypatch.setattr("lwisp_bench.studies.frame.sys.executable", "/bin/false")
    assert main(SMALL) == 2
    assert "failed (exit status 1): no message" in capsys.readouterr().err


def test_made_frames_are_equal_and_not_flat() -> None:
    frame = made_frame(100, 130)
    assert frame.mosaic.shape == (100, 130)
    assert (frame.mosaic == made_frame(100, 130).mosaic).all()
    assert frame.mosaic.std() > 500
