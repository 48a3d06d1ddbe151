"""Calibration sets: what the doctor finds, and what is written down."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.calibration.calibration_set import CalibrationSet, load_set, write_set
from lwisp_export.calibration.collect import collect, frame_sources, read_sources
from lwisp_export.calibration.convergence import ConvergencePoint, measure_convergence
from lwisp_export.calibration.doctor import diagnose
from lwisp_export.quantization_step import QuantizeOptions, quantize, write_quantization
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.builtin_frames import MadeFrame, calibration_frames, evaluation_frames, make_frame
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import typical_noise
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.hints import RawHints
from tests.export.chain_models import float_graph, tile

TILE_PX = 64
FRAMES = calibration_frames()


def made(frames: Iterable[MadeFrame], evaluation: Iterable[MadeFrame] = ()) -> CalibrationSet:
    named = [[NamedRaw(frame.name, frame.raw) for frame in group] for group in (frames, evaluation)]
    return collect(frame_sources(named[0]), frame_sources(named[1]), STUDENT_INPUT, TILE_PX, None)


def kinds(found: CalibrationSet) -> list[str]:
    return [finding.kind for finding in found.manifest.findings]


def photographed(seed: int, exposure_ev: float = 0.0) -> MadeFrame:
    shot = Shot(REFERENCE_CAMERA, typical_noise(100), exposure_ev=exposure_ev, bits=12, iso=100)
    return make_frame("coffee", shot, seed)


def test_the_default_set_is_sound() -> None:
    found = made(FRAMES, evaluation_frames())
    assert found.manifest.findings == ()
    assert {frame.facts.iso for frame in found.manifest.frames} == {100, 400, 1600}
    assert len({tile.sha256 for tile in found.manifest.tiles}) == len(found.tiles) > 100


def test_dark_frames_alone_are_told() -> None:
    assert "no bright frames" in kinds(made(frame for frame in FRAMES if "+1.5 EV" not in frame.name))


def test_bright_frames_alone_are_told() -> None:
    found = kinds(made(frame for frame in FRAMES if "+1.5 EV" in frame.name))
    assert "no shadows" in found
    assert "no bright frames" not in found


def test_three_frames_are_too_few() -> None:
    found = made(FRAMES[:3])
    assert "few frames" in kinds(found)
    assert any("3 frames; give 8 or more" in finding.message for finding in found.manifest.findings)


def test_one_camera_setting_is_told() -> None:
    assert {"one ISO", "one light"} <= {*kinds(made(photographed(0, ev) for ev in (-2.0, 0.0, 1.5)))}


def test_grey_scenes_are_told() -> None:
    frame = photographed(0)
    grey = replace(frame.raw, camera_to_srgb=None, mosaic=np.full_like(frame.raw.mosaic, 2000))
    flat = replace(grey, black_level=(0,) * 4, wb_gains=(1.0, 1.0, 1.0))
    assert "no strong colours" in kinds(made([replace(frame, raw=flat)]))


def test_the_same_frame_and_a_burst_are_duplicates_but_another_exposure_is_not() -> None:
    first, burst, darker = photographed(1), photographed(2), photographed(3, -1.0)
    assert kinds(made([first, darker])).count("duplicates") == 0
    messages = [f.message for f in made([first, burst, first]).manifest.findings if f.kind == "duplicates"]
    assert len(messages) == 2
    assert "almost the same picture" in messages[0]
    assert "the same file" in messages[1]


def test_frames_of_the_evaluation_set_are_told() -> None:
    judged = evaluation_frames()[2]
    found = [f.message for f in made([*FRAMES[:2], judged], [judged]).manifest.findings if f.kind == "overlap"]
    assert len(found) == 1
    assert judged.name in found[0]


def test_corrupt_and_small_files_are_left_out_by_name(tmp_path: Path) -> None:
    write_sample(tmp_path / "good.dng")
    (tmp_path / "empty.dng").write_bytes(b"")
    (tmp_path / "cut.dng").write_bytes((tmp_path / "good.dng").read_bytes()[:5000])
    names = ("empty.dng", "good.dng", "cut.dng", "absent.dng")
    sources = read_sources([tmp_path / name for name in names], RawHints())
    found = collect(sources, (), STUDENT_INPUT, TILE_PX, None)
    assert [frame.name for frame in found.manifest.frames] == ["good.dng"]
    messages = [f.message for f in found.manifest.findings if f.kind == "unreadable"]
    assert [message.split(":")[0] + message.split(":")[1] for message in messages] == [
        f"left out {name}" for name in ("empty.dng", "cut.dng", "absent.dng")
    ]
    with pytest.raises(UsageError, match="No frame can be used"):
        collect(read_sources([tmp_path / "good.dng"], RawHints()), (), STUDENT_INPUT, 1024, None)


def test_ranges_converge_to_those_of_all_frames() -> None:
    frames = [[tile(seed)] for seed in (0, 4, 8, 12, 3)]
    points = measure_convergence(float_graph(), frames)
    assert [point.frames for point in points] == [1, 2, 3, 4, 5]
    shares = [point.mean_share for point in points]
    assert shares == sorted(shares)
    assert shares[0] < 0.99
    assert (points[-1].mean_share, points[-1].least_share) == (1.0, 1.0)


@pytest.mark.parametrize(("before", "found"), [(0.99, 0), (0.8, 1)])
def test_ranges_that_still_grow_are_told(before: float, found: int) -> None:
    points = [ConvergencePoint(i + 1, before if i < 7 else 1.0, 0.5) for i in range(8)]
    findings = [f for f in diagnose((), (), (), points) if f.kind == "not converged"]
    assert len(findings) == found
    assert all("the last 2 frames widened the ranges by 20.0%" in finding.message for finding in findings)


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = made(FRAMES[:2])
    write_set(tmp_path, found)
    again = load_set(tmp_path, STUDENT_INPUT)
    assert again.manifest == found.manifest
    for first, second in zip(found.tiles, again.tiles):
        assert first.name == second.name
        np.testing.assert_array_equal(first.packed, second.packed)


def test_a_changed_set_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, made(FRAMES[:2]))
    with pytest.raises(UsageError, match="prepared for another student"):
        load_set(tmp_path, replace(STUDENT_INPUT, curve_offset=0.01))
    values = np.load(tmp_path / "tiles.npy")
    values[1, 0, 0, 0] += 1
    np.save(tmp_path / "tiles.npy", values)
    with pytest.raises(UsageError, match="isn't what its hash says"):
        load_set(tmp_path, STUDENT_INPUT)
    np.save(tmp_path / "tiles.npy", values[1:])
    with pytest.raises(UsageError, match="the manifest says uint16"):
        load_set(tmp_path, STUDENT_INPUT)
    (tmp_path / "calibration.json").write_text('{"manifest_version": 9}')
    with pytest.raises(UsageError, match="manifest version 9"):
        load_set(tmp_path, STUDENT_INPUT)


def test_int8_is_made_from_a_set_and_the_bundle_keeps_its_manifest(tmp_path: Path) -> None:
    write_set(tmp_path / "set", made(FRAMES[::4]))
    options, told = QuantizeOptions(calibration=tmp_path / "set"), list[str]()
    quantized = quantize(float_graph(), [], options, told.append, contract=STUDENT_INPUT, tile_px=TILE_PX)
    assert any(line.startswith("warning, calibration: few frames") for line in told)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "quantization.json").write_text("of an earlier export")
    write_quantization(tmp_path / "bundle", quantized)
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["calibration.json", "quantization.toml"]
    kept = json.loads((tmp_path / "bundle" / "calibration.json").read_text())
    assert kept["frames"][0]["name"] == FRAMES[0].name
    frame = NamedRaw(FRAMES[0].name, FRAMES[0].raw)
    with pytest.raises(UsageError, match="not both"):
        quantize(float_graph(), [frame], options, told.append, contract=STUDENT_INPUT, tile_px=TILE_PX)


def test_the_command_writes_the_set_and_exits_1_on_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample(tmp_path / "a.dng")
    (tmp_path / "broken.dng").write_bytes(b"II*\0")
    raws = [str(tmp_path / name) for name in ("a.dng", "broken.dng")]
    assert main(["calibrate", *raws, "-o", str(tmp_path / "set")]) == 1
    printed = capsys.readouterr()
    assert "a.dng" in printed.out
    assert "unreadable: left out: broken.dng" in printed.err
    assert "few frames" in printed.err
    assert len(load_set(tmp_path / "set", STUDENT_INPUT).tiles) > 0
    assert main(["calibrate", raws[1], "-o", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
