"""Verify: the first stage out of its budget is named, and a NaN never passes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.cli import commands as cli
from lwisp_export.cli.commands import shipped_checkpoint
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.builtin_frames import evaluation_frames
from lwisp_export.synthesis.tiles import NamedRaw, Tile, cut_tiles
from lwisp_export.verification import verify
from lwisp_export.verification.bundle_check import bundle_stages, check_shipped, run_check
from lwisp_export.verification.verify import BUDGETS, Stage, summarise
from lwisp_mobile import RawHints, read_raw, shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError

Run = Callable[[np.ndarray], np.ndarray]
TILES = [Tile(f"t{i}", np.random.default_rng(i).random((16, 16, 4), dtype=np.float32)) for i in range(3)]


def develop(packed: np.ndarray) -> np.ndarray:
    """A stand-in student: each plane's mean colour, twice the size."""
    return np.repeat(np.repeat(packed[..., [0, 1, 3]], 2, axis=0), 2, axis=1)


def off_by(amount: float, *, only: int | None = None) -> Run:
    def run(packed: np.ndarray) -> np.ndarray:
        hit = only is None or np.array_equal(packed, TILES[only].packed)
        return develop(packed) + np.float32(amount * hit)

    return run


def report(**stages: Run) -> verify.DriftReport:
    return verify.verify(develop, [Stage(name, run) for name, run in stages.items()], TILES, "00", lambda _name: None)


def test_equal_stages_pass() -> None:
    found = report(onnx=develop, float32=develop, int8=develop)
    assert found.first_failing is None
    assert [stage.median_psnr_db for stage in found.stages] == [None, None, None]


def test_the_first_stage_out_of_budget_is_named() -> None:
    found = report(onnx=develop, float32=off_by(1e-3), int8=off_by(0.1))
    assert found.first_failing is not None
    assert found.first_failing.stage == "float32"
    assert "max abs difference 1.00e-03 > 1e-04" in found.first_failing.violations[0]
    assert [bool(stage.violations) for stage in found.stages] == [False, True, True]


def test_one_bad_image_is_enough_and_named() -> None:
    (stage,) = report(int8=off_by(0.1, only=1)).stages
    assert stage.worst_image == "t1"
    assert stage.worst_psnr_db == pytest.approx(20, abs=0.01)
    assert stage.violations == ("worst PSNR 20.00 dB < 36 dB",)


def test_a_nan_fails_even_where_the_reference_is_zero() -> None:
    def broken(packed: np.ndarray) -> np.ndarray:
        output = develop(packed).copy()
        output[0, 0, 0] = np.nan
        return output

    (stage,) = report(int8=broken).stages
    assert stage.non_finite == 3
    assert stage.violations == ("3 NaN or infinite values",)


def test_the_budget_is_for_each_stage_of_the_chain() -> None:
    assert list(BUDGETS) == ["onnx", "float32", "fp16", "int8"]
    assert BUDGETS["int8"].median_psnr_db is not None
    assert BUDGETS["int8"].median_psnr_db >= 42


def test_the_shipped_models_keep_their_budgets() -> None:
    found = check_shipped(shipped_bundle(), shipped_checkpoint(), (), lambda _name: None)
    assert [stage.stage for stage in found.stages] == ["fp16", "int8"]
    assert found.first_failing is None


def test_real_raw_files_keep_the_budget(raw_data: Path) -> None:
    """INT8 against float on tiles of real cameras: median of 42 dB or more."""
    frames = [
        NamedRaw("d30", read_raw(raw_data / "canon_d30_tree.crw", RawHints(white_balance="daylight"))),
        NamedRaw("x4", read_raw(raw_data / "canon_x4_colorchart_ml14bit.dng", RawHints(white_balance="grey-world"))),
    ]
    found = run_check(shipped_checkpoint(), bundle_stages(shipped_bundle()), frames, lambda _name: None)
    int8 = next(stage for stage in found.stages if stage.stage == "int8")
    assert len(int8.images) == 12
    assert int8.violations == ()


def test_a_bundle_of_another_checkpoint_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(shipped_checkpoint().read_bytes() + b" ")
    with pytest.raises(UsageError, match="was made from the checkpoint"):
        check_shipped(shipped_bundle(), other, (), lambda _name: None)


def test_the_command_exits_1_out_of_budget(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing = report(int8=off_by(0.1))
    monkeypatch.setattr(cli, "check_shipped", lambda *_arguments: failing)
    assert main(["verify", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["stages"][0]["stage"] == "int8"
    assert "int8 is the first stage out of its budget" in printed.err
    monkeypatch.setattr(cli, "check_shipped", lambda *_arguments: report(int8=develop))
    assert main(["verify"]) == 0


def test_frames_smaller_than_a_tile_are_refused_and_tiles_are_spread() -> None:
    frame = evaluation_frames()[0]
    named = NamedRaw(frame.name, frame.raw)
    assert len(cut_tiles([named], STUDENT_INPUT, 128)) == 4
    assert len(cut_tiles([named], STUDENT_INPUT, 32)) == 6
    with pytest.raises(UsageError, match="smaller than a tile of 1024x1024 px"):
        cut_tiles([named], STUDENT_INPUT, 512)


def test_summaries_count_over_images() -> None:
    images = report(fp16=off_by(0.001)).stages[0].images
    assert summarise("fp16", images, BUDGETS["fp16"]).violations == ("median PSNR 60.00 dB < 65 dB",)
