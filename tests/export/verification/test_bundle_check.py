"""`lwisp verify`: the shipped bundles keep their record, and a slightly damaged one doesn't."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.drift.evaluation_tiles import camera_tiles
from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_export.verification.bundle_check import check_bundle, check_stages
from lwisp_export.verification.gates import CAMERA_GATE
from lwisp_export.verification.stages import bundle_stages
from lwisp_mobile import RawHints, load_bundle, read_raw, shipped_bundle
from lwisp_mobile.bundle.bundle import Bundle, write_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import silent

NAME = "lwisp-lite"
FIRST_FILTER = "node_conv2d_conv_filter"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A copy of a shipped bundle."""
    return load_bundle(Path(shutil.copytree(shipped_bundle(NAME).folder, tmp_path / NAME)))


def with_scale_off_by(model: bytes, ratio: float) -> bytes:
    """The model with the scales of the first convolution's filters off by a ratio."""
    tensors = {tensor["name"]: tensor for tensor in Interpreter(model_content=model).get_tensor_details()}
    scales = tensors[FIRST_FILTER]["quantization_parameters"]["scales"].astype("<f4")
    assert scales.tobytes() in model
    return model.replace(scales.tobytes(), (scales * np.float32(ratio)).tobytes())


def replace_int8(bundle: Bundle, model: bytes) -> None:
    """Put a model into a bundle in place of its INT8, with its hash."""
    old = bundle.model("int8")
    (bundle.folder / old.file).write_bytes(model)
    new = replace(old, sha256=hashlib.sha256(model).hexdigest(), bytes=len(model))
    write_bundle(replace(bundle, models=tuple(new if found is old else found for found in bundle.models)))


def test_the_shipped_models_keep_their_recorded_drift() -> None:
    check = check_bundle(shipped_bundle(NAME), shipped_checkpoint(NAME), (), silent)
    assert [stage.stage for stage in check.record.stages] == ["fp16", "int8"]
    assert check.record.first_failing is None
    assert check.record.stages[1].budget.median_psnr_db == pytest.approx(49.8, abs=0.1)
    assert len(check.tiles) == len(check.references) == len(check.record.stages[1].images) == 16


def test_one_scale_off_by_a_hundredth_exits_1(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    replace_int8(bundle, with_scale_off_by(bundle.read("int8"), 1.01))
    assert main(["verify", "--bundle", str(bundle.folder), "--json"]) == 1
    printed = capsys.readouterr()
    fp16, int8 = json.loads(printed.out)["stages"]
    assert fp16["violations"] == []
    assert 1 < int8["budget"]["median_psnr_db"] + 1 - int8["median_psnr_db"] < 4
    assert int8["median_psnr_db"] > 42  # the fixed limits would let it pass
    assert int8["worst_psnr_db"] > 36
    assert "int8 is the first stage out of its budget: median PSNR" in printed.err


def test_own_files_are_held_to_fixed_limits_and_the_output_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sample(tmp_path / "a.dng")
    assert main(["verify", str(tmp_path / "a.dng"), "--bundle", NAME]) == 0
    printed = capsys.readouterr().out
    assert (
        "budget: fixed limits (INT8: median 42 dB, worst tile 36 dB); no drift is recorded for these files" in printed
    )


def test_a_bundle_without_its_record_is_refused(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle.folder / "drift.json").unlink()
    assert main(["verify", "--bundle", str(bundle.folder)]) == 2
    assert "drift.json is missing, so there is no recorded drift" in capsys.readouterr().err


def test_a_bundle_of_another_checkpoint_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(shipped_checkpoint(NAME).read_bytes() + b" ")
    with pytest.raises(UsageError, match="was made from the checkpoint"):
        check_bundle(shipped_bundle(NAME), other, (), silent)


def test_real_raw_files_keep_the_fixed_limits(raw_data: Path) -> None:
    """INT8 against float on tiles of real cameras."""
    frames = [
        NamedRaw("d30", read_raw(raw_data / "canon_d30_tree.crw", RawHints(white_balance="daylight"))),
        NamedRaw("x4", read_raw(raw_data / "canon_x4_colorchart_ml14bit.dng", RawHints(white_balance="grey-world"))),
    ]
    bundle = shipped_bundle()
    tiles = camera_tiles(frames, bundle.models[0].contract.input)
    record = check_stages(bundle_stages(bundle), shipped_checkpoint(), tiles, CAMERA_GATE, silent).record
    int8 = next(stage for stage in record.stages if stage.stage == "int8")
    assert len(int8.images) == 12
    assert int8.violations == ()
