"""The whole chain on a small student: a bundle that loads, runs, and is the same bytes twice."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lwisp_export.export import Exported, ExportPaths, export
from lwisp_export.student.checkpoint import CheckpointInfo, save_checkpoint, shipped_checkpoint
from lwisp_export.student.config import StudentConfig
from lwisp_export.student.input_contract import deployed_input
from lwisp_export.student.network import Student
from lwisp_export.synthesis.builtin_frames import EVALUATION_PHOTO, calibration_frames, evaluation_frames
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_export.training.pairs.zrr import ZRR_INPUT
from lwisp_export.verification.provenance_check import check_provenance
from lwisp_mobile import Developer, load_bundle, read_raw, shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.contract import METADATA_NAME, from_json
from lwisp_mobile.errors import UsageError
from lwisp_mobile.inspect.model_facts import read_metadata
from lwisp_mobile.progress import silent


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student of one phone, with an input contract of its own."""
    torch.manual_seed(0)
    config = StudentConfig(width=8)
    path = tmp_path_factory.mktemp("checkpoint") / "small.safetensors"
    save_checkpoint(path, Student(config).state_dict(), CheckpointInfo("small", config, 0, "", ZRR_INPUT))
    return path


def run(checkpoint: Path, folder: Path) -> Exported:
    frames = [NamedRaw(frame.name, frame.raw) for frame in calibration_frames()[::4]]
    return export(ExportPaths(checkpoint, folder / "bundle", folder / "work"), frames, silent)


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return run(checkpoint, tmp_path_factory.mktemp("first"))


@pytest.mark.slow
def test_the_same_checkpoint_gives_the_same_bytes(checkpoint: Path, exported: Exported, tmp_path: Path) -> None:
    again = run(checkpoint, tmp_path)
    for first, second in ((exported.onnx, again.onnx), (exported.float32, again.float32)):
        assert first.read_bytes() == second.read_bytes()
    for path in sorted(exported.bundle.folder.iterdir()):
        assert path.read_bytes() == (again.bundle.folder / path.name).read_bytes(), path.name


def test_the_bundle_says_which_tiles_made_its_int8(exported: Exported) -> None:
    found = check_provenance(exported.bundle)
    assert found == exported.quantized.provenance
    assert found.calibration is not None
    assert len(found.calibration.frames) == 6


def test_the_bundle_loads_and_develops(exported: Exported) -> None:
    bundle = load_bundle(exported.bundle.folder)
    assert bundle.models == exported.bundle.models
    raw = evaluation_frames()[2].raw
    for precision in ("int8", "fp16"):
        with Developer(bundle, precision=precision) as developer:
            rgb = developer.develop(raw)
        assert rgb.shape == (*raw.mosaic.shape, 3)
        assert np.isfinite(rgb).all()


def test_every_model_carries_its_contract(exported: Exported) -> None:
    for model in exported.bundle.models:
        metadata = read_metadata(exported.bundle.read(model.contract.precision), METADATA_NAME)
        assert metadata is not None
        assert from_json(metadata, model.file) == model.contract
        assert model.contract.input == deployed_input(ZRR_INPUT)  # the checkpoint's, not the default
    int8 = exported.bundle.model("int8").contract
    assert (int8.input_tensor.scale, int8.input_tensor.zero_point) == (pytest.approx(1 / 255), -128)
    assert (int8.output_tensor.scale, int8.output_tensor.zero_point) == (1 / 256, -128)
    assert int8.whole.halo_px == 112


@pytest.mark.parametrize(("name", "parameters", "gmacs"), [("lwisp", 2_009_193, 5.203), ("lwisp-lite", 503_242, 1.330)])
def test_the_shipped_bundle_was_made_from_the_shipped_checkpoint(name: str, parameters: int, gmacs: float) -> None:
    digest = hashlib.sha256(shipped_checkpoint(name).read_bytes()).hexdigest()
    for model in shipped_bundle(name).models:
        assert model.contract.weights_sha256 == digest
        assert model.contract.parameters == parameters
        assert round(model.contract.macs_per_packed_px * 224**2 / 1e9, 3) == gmacs


@pytest.mark.parametrize("name", ["lwisp", "lwisp-lite"])
def test_the_shipped_drift_is_of_the_shipped_checkpoint(name: str) -> None:
    drift = json.loads((shipped_bundle(name).folder / "drift.json").read_text())
    assert drift["checkpoint_sha256"] == hashlib.sha256(shipped_checkpoint(name).read_bytes()).hexdigest()
    assert [stage["stage"] for stage in drift["stages"]] == ["onnx", "float32", "fp16", "int8"]
    assert all(stage["violations"] == [] for stage in drift["stages"])


@pytest.mark.parametrize("name", ["lwisp", "lwisp-lite"])
def test_the_shipped_int8_keeps_the_picture(name: str) -> None:
    drift = json.loads((shipped_bundle(name).folder / "drift.json").read_text())
    int8 = drift["stages"][-1]
    assert int8["median_psnr_db"] >= 48
    assert int8["worst_psnr_db"] >= 45
    assert int8["delta_e_mean"] <= 0.6
    assert int8["delta_e_p99"] <= 2


def test_calibration_and_evaluation_are_apart() -> None:
    assert not any(EVALUATION_PHOTO in frame.name for frame in calibration_frames())
    assert all(EVALUATION_PHOTO in frame.name for frame in evaluation_frames())


def test_the_sample_is_a_dng_and_always_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "a.dng", tmp_path / "b.dng"
    assert main(["sample", "-o", str(first)]) == 0
    assert capsys.readouterr().out.strip() == str(first)
    write_sample(second)
    assert first.read_bytes() == second.read_bytes()
    raw = read_raw(first)
    assert (raw.cfa, raw.white_level, raw.info.iso, raw.info.model) == ("GRBG", 4095, 200, "lwisp sample")


def test_a_student_of_another_task_is_refused(tmp_path: Path) -> None:
    config = StudentConfig(width=8, task="denoise")
    path = tmp_path / "denoise.safetensors"
    save_checkpoint(path, Student(config).state_dict(), CheckpointInfo("denoise", config, 0, ""))
    with pytest.raises(UsageError, match="of the task denoise, RGB to RGB; bundles are for"):
        run(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\0\0\0\0\0\0\0{}"])
def test_exporting_no_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    output = tmp_path / "bundle"
    assert main(["export", str(path), "-o", str(output), "--work", str(tmp_path / "work")]) == 2
    assert "not a checkpoint" in capsys.readouterr().err
    assert not output.exists()
